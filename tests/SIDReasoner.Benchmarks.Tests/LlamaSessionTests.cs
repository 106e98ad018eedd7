using SIDReasoner.Benchmarks.Decoders.Gguf;
using SIDReasoner.Benchmarks.Decoders.Llama;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Export.Bundles;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.Model;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Benchmarks.Tests;

/// <summary>llama.cpp reads our files as we mean them, and its sequences are our beams.</summary>
public class LlamaSessionTests
{
    private const StepOutputs All = StepOutputs.Logits | StepOutputs.SidLogits | StepOutputs.LogSumExp;
    private const StepOutputs Rows = StepOutputs.SidLogits | StepOutputs.LogSumExp;
    private const float Tolerance = 1e-3f;
    private static readonly int[] s_prompt = [1, 5, 9, 30, 12, 12, 7, 21, 3, 17, 40, 41, 44];

    [Theory]
    [InlineData("qwen3-tied")]
    [InlineData("qwen3-untied")]
    public void Session_TextAndRandomTree_EqualsOurs(string variant)
    {
        using var pair = new Pair(variant, seed: 1);
        var random = new Random(4);
        int[] ids = [.. pair.Checkpoint.Vocabulary.TokenIds];
        foreach (IDecoderSession session in pair.Both)
        {
            session.AppendTokens(s_prompt.AsSpan(0, 5), StepOutputs.None);
            session.AppendTokens(s_prompt.AsSpan(5), All);
        }

        AssertClose(pair.Ours.Logits, pair.Theirs.Logits);
        for (int round = 0; round < 2; round++)
        {
            int before = 0;
            foreach (int count in new[] { 7, 1, 12, 5 })
            {
                int[] parents = [.. Enumerable.Range(0, count).Select(_ => before == 0 ? -1 : random.Next(before))];
                int[] tokens = [.. Enumerable.Range(0, count).Select(_ => ids[random.Next(ids.Length)])];
                foreach (IDecoderSession session in pair.Both)
                {
                    session.AppendBeams(tokens, parents, Rows);
                }

                AssertClose(pair.Ours.SidLogits, pair.Theirs.SidLogits);
                AssertClose(pair.Ours.LogSumExp, pair.Theirs.LogSumExp);
                before = count;
            }

            foreach (IDecoderSession session in pair.Both)
            {
                session.Rewind(s_prompt.Length - round);
                session.AppendTokens([11], All);
            }

            AssertClose(pair.Ours.Logits, pair.Theirs.Logits);
            foreach (IDecoderSession session in pair.Both)
            {
                session.Rewind(s_prompt.Length);
            }
        }
    }

    [Theory]
    [InlineData(ScoreMode.Exact)]
    [InlineData(ScoreMode.Catalog)]
    public void Search_OverLlama_FindsOurList(ScoreMode mode)
    {
        using var pair = new Pair("qwen3-tied", seed: 6);
        using SidTrie trie = pair.Checkpoint.Catalog.BuildTrie(pair.Checkpoint.Vocabulary);
        var found = new List<Hypothesis[]>();
        foreach (IDecoderSession session in pair.Both)
        {
            var results = new Hypothesis[40];
            session.AppendTokens(s_prompt, SidBeamSearch.OutputsFor(mode));
            int count = new SidBeamSearch(trie, new ManagedBeamKernel()).Search(session, new SearchOptions { BeamWidth = 40, ScoreMode = mode }, results);
            found.Add(results[..count]);
        }

        Assert.Equal(found[0].Length, found[1].Length);
        Assert.All(found[0].Zip(found[1]), two => Assert.InRange(two.First.Score - two.Second.Score, -Tolerance, Tolerance));
    }

    [Theory]
    [InlineData(GgufType.Q8_0)]
    [InlineData(GgufType.Q4_0)]
    public void Model_QuantizedFile_EqualsItsOwnValuesInFloat32(GgufType type)
    {
        using RandomCheckpoint checkpoint = RandomCheckpoint.Create("qwen3-tied", seed: 3);
        string rounded = Directory.CreateDirectory(Path.Combine(checkpoint.Root, "rounded")).FullName;
        foreach (string folder in new[] { checkpoint.Folder, rounded })
        {
            // Whole blocks of 32 a row: the tiny model's inner width is not.
            WidenMlp(checkpoint, type, folder, rounds: folder == rounded);
        }

        float[] quantized = Logits(checkpoint.Folder, type), reference = Logits(rounded, GgufType.F32);

        // llama.cpp rounds the inputs of a quantised product to 8 bits too: near, not equal.
        double distance = Math.Sqrt(quantized.Zip(reference, (a, b) => Math.Pow(a - b, 2)).Sum() / reference.Sum(x => (double)x * x));
        Assert.InRange(distance, 0, 0.06);
        Assert.NotEqual(reference, Logits(checkpoint.Folder, GgufType.F32));

        float[] Logits(string folder, GgufType form)
        {
            string path = Path.Combine(folder, form + ".gguf");
            Qwen3Gguf.Write(folder, form, path);
            using var model = new LlamaModel(path, threads: 1);
            using var session = new LlamaDecoderSession(model, [], capacity: 256, mostBeams: 1, isFast: false);
            session.AppendTokens(s_prompt, StepOutputs.Logits);
            return session.Logits.AsSpan().ToArray();
        }
    }

    private static void WidenMlp(RandomCheckpoint checkpoint, GgufType type, string folder, bool rounds)
    {
        const int Inner = 64;
        (checkpoint.Config with { IntermediateSize = Inner }).Save(Path.Combine(folder, "config.json"));
        var tensors = new List<TensorData>();
        using (SafetensorsReader reader = SafetensorsReader.Open(Path.Combine(checkpoint.Folder, "model.safetensors")))
        {
            foreach ((string name, TensorInfo info) in reader.Tensors)
            {
                (float[] values, long[] shape) = (reader.ReadFloats(name), [.. info.Shape]);
                if (name.Contains("mlp", StringComparison.Ordinal) && shape.Contains(48))
                {
                    long[] wide = [.. shape.Select(size => size == 48 ? Inner : size)];
                    float[] padded = new float[wide[0] * wide[1]];
                    for (int row = 0; row < wide[0]; row++)
                    {
                        for (int column = 0; column < wide[1]; column++)
                        {
                            padded[(row * wide[1]) + column] = values[(row % shape[0] * shape[1]) + (column % shape[1])];
                        }
                    }

                    (values, shape) = (padded, wide);
                }

                if (rounds && shape.Length == 2)
                {
                    byte[] bytes = new byte[GgufBlocks.Bytes(type, values.Length)];
                    GgufBlocks.Encode(type, values, bytes);
                    values = SlowGguf.Decode(type, bytes);
                }

                tensors.Add(TensorData.FromFloats(name, shape, values));
            }
        }

        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors);
    }

    private static void AssertClose(LogitsView expected, LogitsView actual)
    {
        Assert.Equal((expected.Rows, expected.Columns), (actual.Rows, actual.Columns));
        (float[] one, float[] other) = (expected.AsSpan().ToArray(), actual.AsSpan().ToArray());
        Assert.NotEmpty(one);
        for (int i = 0; i < one.Length; i++)
        {
            Assert.True(Math.Abs(one[i] - other[i]) <= Tolerance, $"[{i}] is {other[i]}; expected {one[i]} within {Tolerance}.");
        }
    }

    /// <summary>The same checkpoint in ONNX Runtime and in llama.cpp.</summary>
    private sealed class Pair : IDisposable
    {
        private readonly OnnxModel _model;
        private readonly LlamaModel _llama;

        public Pair(string variant, int seed)
        {
            Checkpoint = RandomCheckpoint.Create(variant, seed);
            string bundle = Path.Combine(Checkpoint.Root, "bundle"), gguf = Path.Combine(Checkpoint.Root, "model.gguf");
            BundleExporter.Export(new BundleExportOptions { Checkpoint = Checkpoint.Folder, Catalog = Checkpoint.CatalogFolder, Output = bundle });
            Qwen3Gguf.Write(Checkpoint.Folder, GgufType.F32, gguf);
            _model = OnnxModel.Load(Bundle.Open(bundle), new OnnxModelOptions { Threads = 1 });
            _llama = new LlamaModel(gguf, threads: 1);
            Ours = _model.CreateSession();
            Theirs = new LlamaDecoderSession(_llama, [.. Checkpoint.Vocabulary.TokenIds], capacity: 256, mostBeams: 40, isFast: false);
        }

        public RandomCheckpoint Checkpoint { get; }

        public IDecoderSession Ours { get; }

        public IDecoderSession Theirs { get; }

        public IDecoderSession[] Both => [Ours, Theirs];

        public void Dispose()
        {
            Theirs.Dispose();
            Ours.Dispose();
            _llama.Dispose();
            _model.Dispose();
            Checkpoint.Dispose();
        }
    }
}
