using System.Diagnostics;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Decoding;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>A head that nobody asked for costs nothing: catalog scores do not grow with the vocabulary.</summary>
public sealed class OnnxHeadCostTests : IDisposable
{
    private const int Beams = 64;
    private const int Attempts = 25;

    private readonly string _folder = Directory.CreateTempSubdirectory("sidr-heads-").FullName;

    [Fact]
    public void AppendBeams_SidLogitsAlone_DoNotPayForTheVocabulary()
    {
        var small = LeastTime(vocabSize: 400, StepOutputs.SidLogits);
        var large = LeastTime(vocabSize: 60_000, StepOutputs.SidLogits);
        var exact = LeastTime(vocabSize: 60_000, StepOutputs.SidLogits | StepOutputs.LogSumExp);

        Assert.True(large < 3 * small, $"{large} with 60,000 tokens and {small} with 400.");
        Assert.True(exact > 3 * large, $"The log-sum-exp over 60,000 tokens took {exact}, without it {large}: the two are no longer told apart.");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The least of many: other work on the machine only adds.</summary>
    private TimeSpan LeastTime(int vocabSize, StepOutputs outputs)
    {
        var checkpoint = Path.Combine(_folder, vocabSize.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (!Directory.Exists(checkpoint))
            Write(checkpoint, vocabSize);
        int[] sids = [.. Enumerable.Range(100, 100)];
        var tokens = BundleSidTokens.Create(sids, [.. sids.Select(id => $"<a_{id}>")]);
        using var source = new OnnxSessionSource(checkpoint, change: o => o with { SidTokens = tokens });
        using var session = source.CreateSession();
        int[] rows = [.. Enumerable.Range(0, Beams).Select(i => sids[i])];
        int[] parents = [.. Enumerable.Repeat(-1, Beams)];
        session.AppendTokens([1, 2, 3], StepOutputs.None);
        var least = TimeSpan.MaxValue;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var began = Stopwatch.GetTimestamp();
            session.AppendBeams(rows, parents, outputs);
            var took = Stopwatch.GetElapsedTime(began);
            least = took < least ? took : least;
            session.Rewind(3);
        }

        return least;
    }

    private static void Write(string folder, int vocabSize)
    {
        var config = new ModelConfig
        {
            Architecture = DecoderArchitecture.Qwen3,
            VocabSize = vocabSize,
            HiddenSize = 64,
            IntermediateSize = 128,
            LayerCount = 3,
            HeadCount = 4,
            KvHeadCount = 2,
            HeadSize = 16,
            MaxPositions = 64,
            TiesEmbeddings = true,
            HasQkNorm = true,
        };
        Directory.CreateDirectory(folder);
        config.Save(Path.Combine(folder, "config.json"));
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), RandomDecoderTests.Weights(config, new Random(1)));
    }
}
