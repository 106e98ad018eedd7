using SIDReasoner.Core;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using Xunit;

namespace SIDReasoner.TestSupport;

/// <summary>What every <see cref="IDecoderSession"/> must do, whatever computes: derive a test class, load the model, and all of this runs on it.</summary>
public abstract class DecoderSessionConformance
{
    /// <summary>How far apart two computations of one number may be.</summary>
    protected virtual float Tolerance => 1e-4f;

    /// <summary>How far apart the text head and the SID head may be on one row: they are different products in some precisions.</summary>
    protected virtual float HeadTolerance => Tolerance;

    /// <summary>Whether loading refuses weights that are no finite numbers.</summary>
    protected virtual bool RefusesNonFiniteWeights => false;

    private const StepOutputs All = StepOutputs.Logits | StepOutputs.SidLogits | StepOutputs.LogSumExp;
    private const StepOutputs Rows = StepOutputs.SidLogits | StepOutputs.LogSumExp;

    private static readonly int[] s_prompt = [1, 5, 9, 30, 12, 12, 7, 21, 3, 17, 40, 41, 44];

    /// <summary>Every kind of model.</summary>
    public static TheoryData<string> Variants => [.. RandomCheckpoint.Variants];

    /// <summary>Loads a checkpoint into the engine under test.</summary>
    /// <param name="checkpointFolder">A Hugging Face folder whose sidreasoner.json names the SID tokens.</param>
    /// <param name="catalogFolder">The catalogue, for engines that need a bundle.</param>
    /// <returns>What makes sessions.</returns>
    protected abstract ISessionSource Load(string checkpointFolder, string catalogFolder);

    private ISessionSource Load(RandomCheckpoint checkpoint) => Load(checkpoint.Folder, checkpoint.CatalogFolder);

    [Theory]
    [MemberData(nameof(Variants))]
    public void AppendTokens_AllOutputs_AreOfOneRowOfLogits(string variant)
    {
        using RandomCheckpoint checkpoint = RandomCheckpoint.Create(variant, seed: 1);
        using ISessionSource source = Load(checkpoint);
        using IDecoderSession session = source.CreateSession();

        session.AppendTokens(s_prompt, All);

        float[] logits = Copy(session.Logits);
        Assert.Equal(checkpoint.Config.VocabSize, logits.Length);
        Assert.Equal(s_prompt.Length, session.Length);
        AssertClose(checkpoint.Vocabulary.TokenIds.Select(id => logits[id]).ToArray(), Copy(session.SidLogits), HeadTolerance);
        AssertClose([(float)SlowSearch.LogSumExp(logits)], Copy(session.LogSumExp));
    }

    /// <summary>A number that is none is never ranked, and the error says in which layer's input it was seen first.</summary>
    /// <param name="tensor">The tensor that gets one.</param>
    /// <param name="place">Which of its values.</param>
    /// <param name="expected">Part of the error.</param>
    [Theory]
    [InlineData("model.embed_tokens.weight", (9 * 32) + 3, "The input of layer 0 is at fault, row 2 of")]
    [InlineData("model.layers.0.post_attention_layernorm.weight", 5, "The input of layer 1 is at fault, row 0 of")]
    [InlineData("model.layers.1.self_attn.v_proj.weight", 100, "The input of layer 1 is at fault, row 0 of")]
    [InlineData("model.layers.1.input_layernorm.weight", 5, "The input of layer 1 is at fault, row 0 of")]
    [InlineData("model.layers.1.post_attention_layernorm.weight", 0, "the input of the head is at fault")]
    [InlineData("model.norm.weight", 7, "the input of the head is at fault")]
    public void Search_WeightThatIsNoNumber_NamesTheLayersInput(string tensor, int place, string expected)
    {
        using RandomCheckpoint checkpoint = RandomCheckpoint.Create("qwen3-untied", seed: 6);
        TensorFile.Overwrite(checkpoint.Folder, tensor, place, float.NaN);
        if (RefusesNonFiniteWeights && tensor != "model.embed_tokens.weight")
        {
            Assert.Contains(tensor, Assert.Throws<SidReasonerException>(() => Load(checkpoint)).Message, StringComparison.Ordinal);
            return;
        }

        using ISessionSource source = Load(checkpoint);
        using IDecoderSession session = source.CreateSession();
        using SidTrie trie = checkpoint.Catalog.BuildTrie(checkpoint.Vocabulary);
        session.AppendTokens(s_prompt, All);

        var error = Assert.Throws<InvalidLogitsException>(() =>
            new SidBeamSearch(trie, new ManagedBeamKernel()).Search(session, new SearchOptions { BeamWidth = 8 }, new Hypothesis[8]));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void AppendTokens_InPieces_EqualsOneCall(string variant)
    {
        using RandomCheckpoint checkpoint = RandomCheckpoint.Create(variant, seed: 2);
        using ISessionSource source = Load(checkpoint);
        using IDecoderSession session = source.CreateSession();
        float[] whole = Fresh(source, s_prompt).Logits;

        session.AppendTokens(s_prompt.AsSpan(0, 5), StepOutputs.None);
        session.AppendTokens(s_prompt.AsSpan(5, 1), StepOutputs.Logits);
        session.AppendTokens(s_prompt.AsSpan(6), All);

        AssertClose(whole, Copy(session.Logits));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void AppendBeams_RandomTree_EqualsEachPathAsText(string variant)
    {
        using RandomCheckpoint checkpoint = RandomCheckpoint.Create(variant, seed: 3);
        using ISessionSource source = Load(checkpoint);
        using IDecoderSession session = source.CreateSession();
        var random = new Random(4);
        int[] ids = [.. checkpoint.Vocabulary.TokenIds];
        session.AppendTokens(s_prompt, Rows);

        for (int round = 0; round < 2; round++)
        {
            var paths = new List<int[]> { Array.Empty<int>() };
            for (int level = 1; level <= 3; level++)
            {
                int count = new[] { 7, 1, 12 }[level - 1];
                int[] parents = [.. Enumerable.Range(0, count).Select(_ => level == 1 ? -1 : random.Next(paths.Count))];
                int[] tokens = [.. Enumerable.Range(0, count).Select(_ => ids[random.Next(ids.Length)])];
                paths = [.. Enumerable.Range(0, count).Select(row => (int[])[.. level == 1 ? [] : paths[parents[row]], tokens[row]])];

                session.AppendBeams(tokens, parents, Rows);

                Assert.Equal(count, session.SidLogits.Rows);
                Assert.Equal(s_prompt.Length, session.Length);
                float[] sid = Copy(session.SidLogits);
                float[] lse = Copy(session.LogSumExp);
                for (int row = 0; row < count; row++)
                {
                    Outputs expected = Fresh(source, [.. s_prompt, .. paths[row]]);
                    AssertClose(expected.Sid, sid.AsSpan(row * ids.Length, ids.Length).ToArray());
                    AssertClose(expected.LogSumExp, [lse[row]]);
                }
            }

            session.Rewind(s_prompt.Length);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Rewind_ThenOtherText_EqualsAFreshSession(string variant)
    {
        using RandomCheckpoint checkpoint = RandomCheckpoint.Create(variant, seed: 5);
        using ISessionSource source = Load(checkpoint);
        using IDecoderSession session = source.CreateSession();
        int[] other = [.. s_prompt[..6], 33, 2, 8];

        session.AppendTokens(s_prompt, Rows);
        session.AppendBeams([checkpoint.Vocabulary.TokenIds[0], checkpoint.Vocabulary.TokenIds[1]], [-1, -1], Rows);
        session.Rewind(6);
        session.AppendTokens(other.AsSpan(6), All);
        float[] afterRewind = Copy(session.Logits);
        session.Rewind(0);
        session.AppendTokens(s_prompt, All);

        AssertClose(Fresh(source, other).Logits, afterRewind);
        AssertClose(Fresh(source, s_prompt).Logits, Copy(session.Logits));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Search_RealModel_EqualsSlowSearchOverFreshForwards(string variant)
    {
        foreach (bool ragged in new[] { false, true })
        {
            using RandomCheckpoint checkpoint = RandomCheckpoint.Create(variant, seed: 6, items: 120, ragged);
            using ISessionSource source = Load(checkpoint);
            using IDecoderSession session = source.CreateSession();
            using SidTrie trie = checkpoint.Catalog.BuildTrie(checkpoint.Vocabulary);
            var search = new SidBeamSearch(trie, new ManagedBeamKernel());
            var forwards = new Dictionary<string, Outputs>();
            session.AppendTokens(s_prompt, Rows);
            foreach (ScoreMode mode in (ScoreMode[])[ScoreMode.Exact, ScoreMode.Catalog])
            {
                foreach (int width in new[] { 1, 10, 200 })
                {
                    foreach (int keepEvery in new[] { 1, 3 })
                    {
                        SidFilter? filter = keepEvery == 1 ? null : SidFilter.Create(trie, item => item % keepEvery == 0);
                        int[][] sids = [.. checkpoint.Catalog.Items.Where((_, item) => item % keepEvery == 0).Select(item => checkpoint.Vocabulary.Encode(item.Sid))];
                        var results = new Hypothesis[width];
                        session.Rewind(s_prompt.Length - 1);
                        session.AppendTokens(s_prompt.AsSpan(s_prompt.Length - 1), Rows);

                        int found = search.Search(session, new SearchOptions { BeamWidth = width, ScoreMode = mode, Filter = filter }, results);

                        IReadOnlyList<SlowSearch.Found> expected = SlowSearch.Search(sids, Logits, path => Forward(path).LogSumExp[0], width, mode);
                        AssertSameRanking(expected, results.AsSpan(0, found), trie, checkpoint);
                    }
                }
            }

            Outputs Forward(int[] path)
            {
                string key = string.Join(' ', path);
                return forwards.TryGetValue(key, out Outputs? known) ? known : forwards[key] = Fresh(source, [.. s_prompt, .. path]);
            }

            // A row over the vocabulary whose SID columns are the SID head's.
            float[] Logits(int[] path)
            {
                Outputs outputs = Forward(path);
                float[] row = [.. outputs.Logits];
                foreach ((int id, float logit) in checkpoint.Vocabulary.TokenIds.Zip(outputs.Sid))
                {
                    row[id] = logit;
                }

                return row;
            }
        }
    }

    [Fact]
    public void AppendTokens_BadCalls_AreRefusedAndChangeNothing()
    {
        using RandomCheckpoint checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 7);
        using ISessionSource source = Load(checkpoint);
        using IDecoderSession session = source.CreateSession();
        session.AppendTokens(s_prompt, Rows);

        Assert.Throws<ArgumentException>(() => session.AppendTokens([], Rows));
        Assert.Throws<ArgumentException>(() => session.AppendTokens([checkpoint.Config.VocabSize], Rows));
        Assert.Throws<ArgumentException>(() => session.AppendTokens([-1], Rows));
        Assert.Throws<ArgumentException>(() => session.AppendBeams([40, 41], [-1], Rows));
        Assert.Throws<ArgumentException>(() => session.AppendBeams([], [], Rows));
        Assert.Throws<ArgumentException>(() => session.AppendBeams([40], [0], Rows));
        session.AppendBeams([40, 41], [-1, -1], Rows);
        Assert.Throws<ArgumentException>(() => session.AppendBeams([40], [2], Rows));
        Assert.Throws<ArgumentException>(() => session.AppendBeams([40], [-1], Rows));
        Assert.Throws<InvalidOperationException>(() => session.AppendTokens([1], Rows));
        Assert.Throws<ArgumentOutOfRangeException>(() => session.Rewind(s_prompt.Length + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => session.Rewind(-1));
        session.Rewind(s_prompt.Length);
        int[] tooMany = new int[session.Capacity - session.Length + 1];
        Assert.Throws<InvalidOperationException>(() => session.AppendTokens(tooMany, Rows));

        session.AppendTokens([11], All);
        AssertClose(Fresh(source, [.. s_prompt, 11]).Logits, Copy(session.Logits));
    }

    /// <summary>For engines that promise it: prefill and search of the second request of the same lengths leave the managed heap still.</summary>
    protected void AssertRequestsAllocateNothing()
    {
        using RandomCheckpoint checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 8);
        using ISessionSource source = Load(checkpoint);
        using IDecoderSession session = source.CreateSession();
        using SidTrie trie = checkpoint.Catalog.BuildTrie(checkpoint.Vocabulary);
        var search = new SidBeamSearch(trie, new ManagedBeamKernel());
        var results = new Hypothesis[20];
        var exact = new SearchOptions { BeamWidth = 20 };
        var catalog = new SearchOptions { BeamWidth = 20, ScoreMode = ScoreMode.Catalog };
        for (int warmUp = 0; warmUp < 3; warmUp++)
        {
            Request();
        }

        // A collection that other tests cause in the meantime is charged to this thread too, so the least of several requests counts.
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 5; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Request();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);

        void Request()
        {
            session.Rewind(0);
            session.AppendTokens(s_prompt, Rows);
            search.Search(session, exact, results);
            session.Rewind(0);
            session.AppendTokens(s_prompt, StepOutputs.SidLogits);
            search.Search(session, catalog, results);
        }
    }

    /// <summary>Scores within the tolerance place by place, and the same SIDs but for neighbours closer than twice that.</summary>
    private void AssertSameRanking(IReadOnlyList<SlowSearch.Found> expected, ReadOnlySpan<Hypothesis> actual, SidTrie trie, RandomCheckpoint checkpoint)
    {
        Assert.Equal(expected.Count, actual.Length);
        var items = new List<int>();
        for (int rank = 0; rank < expected.Count; rank++)
        {
            Assert.InRange(actual[rank].Score, expected[rank].Score - Tolerance, expected[rank].Score + Tolerance);
            items.Clear();
            trie.CopyItems(actual[rank].SidNumber, items);
            string sid = string.Join(' ', checkpoint.Vocabulary.Encode(checkpoint.Catalog.Items[items[0]].Sid));
            float score = expected[rank].Score;
            Assert.Contains(sid, expected.Where(other => Math.Abs(other.Score - score) <= 2 * Tolerance).Select(other => string.Join(' ', other.Tokens)));
        }
    }

    private static Outputs Fresh(ISessionSource source, int[] tokens)
    {
        using IDecoderSession session = source.CreateSession();
        session.AppendTokens(tokens, All);
        return new Outputs(Copy(session.Logits), Copy(session.SidLogits), Copy(session.LogSumExp));
    }

    private static float[] Copy(LogitsView view) => view.AsSpan().ToArray();

    private void AssertClose(float[] expected, float[] actual) => AssertClose(expected, actual, Tolerance);

    private static void AssertClose(float[] expected, float[] actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"[{i}] is {actual[i]}; expected {expected[i]} within {tolerance}.");
        }
    }

    private sealed record Outputs(float[] Logits, float[] Sid, float[] LogSumExp);
}
