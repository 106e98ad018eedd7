using System.Runtime.InteropServices;
using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using Xunit;

namespace SIDReasoner.TestSupport;

/// <summary>What STATIC's own code chose on its catalogues, level by level (golden family method/static): a kernel must choose the same.</summary>
public abstract class StaticGoldenTestsBase
{
    private const float ScoreTolerance = 1e-5f;

    /// <summary>One row a catalogue's line of searches.jsonl.</summary>
    /// <returns>Catalogue names; one empty row where the family is absent.</returns>
    public static TheoryData<string> Catalogs()
    {
        string path = Path.Combine(GoldenCases.Root, "method", "static", "searches.jsonl");
        return File.Exists(path) ? [.. File.ReadLines(path).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("catalogue").GetString()!)] : [GoldenCases.Absent];
    }

    [SkippableTheory]
    [MemberData(nameof(Catalogs))]
    public void Advance_StaticsCatalogue_ChoosesWhatStaticChose(string name)
    {
        string folder = GoldenCases.Require(name == GoldenCases.Absent ? GoldenCases.Absent : Path.Combine("method", "static"));
        JsonElement line = File.ReadLines(Path.Combine(folder, "searches.jsonl")).Select(text => JsonDocument.Parse(text).RootElement).Single(element => element.GetProperty("catalogue").GetString() == name);
        int codes = line.GetProperty("codes").GetInt32(), levels = line.GetProperty("levels").GetInt32();
        int[] tokens;
        using (var file = SafetensorsReader.Open(Path.Combine(folder, "catalogues.safetensors")))
        {
            tokens = MemoryMarshal.Cast<byte, int>(file.Bytes(name)).ToArray();
        }

        using SidTrie trie = SidTrieBuilder.Build(tokens, levels, [.. Enumerable.Range(0, codes)]);
        Assert.Equal(line.GetProperty("distinct").GetInt32(), trie.SidCount);
        int ran = 0;
        foreach (JsonElement search in line.GetProperty("searches").EnumerateArray().Where(search => !search.TryGetProperty("refused", out _)))
        {
            Run(trie, search, codes);
            ran++;
        }

        Assert.True(ran > 0 || line.GetProperty("searches").GetArrayLength() > 0, "The line lists no search.");
    }

    /// <summary>A kernel of the kind under test; skips where this machine has none.</summary>
    /// <returns>A new kernel.</returns>
    protected abstract IBeamKernel CreateKernel();

    private unsafe void Run(SidTrie trie, JsonElement search, int codes)
    {
        int width = search.GetProperty("width").GetInt32(), batch = search.GetProperty("batch").GetInt32();
        uint seed = search.GetProperty("seed").GetUInt32();
        IBeamKernel kernel = CreateKernel();
        var beams = new BeamBatch();
        beams.Reset([.. Enumerable.Repeat(width, batch)]);
        int[] last = [.. Enumerable.Repeat(codes, batch)];
        float[] logits = new float[batch * width * codes], sums = new float[batch * width];
        for (int depth = 0; depth < trie.LevelCount; depth++)
        {
            int rows = Fill(beams, batch, seed, depth, last, codes, logits, sums);
            fixed (float* data = logits, sum = sums)
            {
                kernel.Advance(
                    trie,
                    new LogitsView((nint)data, TensorElementType.Float32, DeviceKind.Cpu, rows, codes),
                    new LogitsView((nint)sum, TensorElementType.Float32, DeviceKind.Cpu, rows, 1),
                    [],
                    beams);
            }

            for (int request = 0; request < batch; request++)
            {
                int offset = beams.Offset(request), count = beams.Count(request);
                if (search.TryGetProperty("levels", out JsonElement all))
                {
                    JsonElement level = all[depth][request];
                    Assert.Equal(Numbers(level, "tokens"), beams.Tokens.Slice(offset, count).ToArray());
                    Assert.Equal(Numbers(level, "parents"), beams.Parents.Slice(offset, count).ToArray());
                }
            }

            last = AssignRows(beams, batch);
        }

        for (int request = 0; request < batch; request++)
        {
            AssertFinal(trie, beams, request, search.GetProperty("final")[request]);
        }
    }

    /// <summary>Gives every beam a row of its own, and says each row's last token.</summary>
    private static int[] AssignRows(BeamBatch beams, int batch)
    {
        var last = new List<int>();
        for (int request = 0; request < batch; request++)
        {
            for (int slot = beams.Offset(request); slot < beams.Offset(request) + beams.Count(request); slot++)
            {
                beams.Rows[slot] = last.Count;
                last.Add(beams.Tokens[slot]);
            }
        }

        return [.. last];
    }

    /// <summary>The logits of the golden page, and each row's log-sum-exp over all codes.</summary>
    private static int Fill(BeamBatch beams, int batch, uint seed, int depth, int[] last, int codes, float[] logits, float[] sums)
    {
        int rows = 0;
        for (int request = 0; request < batch; request++)
        {
            for (int beam = 0; beam < beams.Count(request); beam++, rows++)
            {
                uint row = Mix(Mix(Mix(seed) ^ ((uint)depth << 24 | (uint)request << 16)) ^ (uint)last[rows]);
                Span<float> values = logits.AsSpan(rows * codes, codes);
                for (int token = 0; token < codes; token++)
                {
                    values[token] = (Mix(row ^ (uint)token) >> 8) / 16777216f * 8f;
                }

                sums[rows] = (float)SlowSearch.LogSumExp(values.ToArray());
            }
        }

        return rows;
    }

    private static void AssertFinal(SidTrie trie, BeamBatch beams, int request, JsonElement final)
    {
        int offset = beams.Offset(request);
        JsonElement sids = final.GetProperty("sids");
        Assert.Equal(sids.GetArrayLength(), beams.Count(request));
        for (int place = 0; place < sids.GetArrayLength(); place++)
        {
            Assert.True(trie.TryFind([.. sids[place].EnumerateArray().Select(token => token.GetInt32())], out int depth, out uint node));
            Assert.Equal((trie.LevelCount, node), (depth, beams.Nodes[offset + place]));
            Assert.Equal(final.GetProperty("scores")[place].GetSingle(), beams.Scores[offset + place], ScoreTolerance);
        }
    }

    private static int[] Numbers(JsonElement level, string name) => [.. level.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];

    private static uint Mix(uint x)
    {
        x ^= x >> 16;
        x *= 0x7feb352d;
        x ^= x >> 15;
        x *= 0x846ca68b;
        return x ^ (x >> 16);
    }
}
