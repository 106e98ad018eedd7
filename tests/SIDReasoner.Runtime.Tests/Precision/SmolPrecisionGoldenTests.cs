using System.Text.Json;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.Text;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Tests.Model;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Precision;

/// <summary>A real pretrained model, whose channels have outliers: next-token logits as transformers', and what each precision costs in perplexity.</summary>
public sealed class SmolPrecisionGoldenTests : IDisposable
{
    private const string Model = "models/smollm2-135m";
    private const float LogitTolerance = 5e-4f;
    private const double NllTolerance = 1e-2;

    private readonly string _temporary = Directory.CreateTempSubdirectory("sidr-smol-").FullName;

    [SkippableFact]
    [Trait("Category", "Slow")]
    public void AppendTokens_Texts_GiveTransformersIdsLogitsAndLikelihoods()
    {
        var golden = GoldenJson.Read(Path.Combine(GoldenCases.RequireData(Model), "golden.json"));
        using var source = Load("fp32");
        using var session = source.CreateSession();
        var tokenizer = ByteLevelBpeTokenizer.Load(Path.Combine(source.Bundle.Path, ByteLevelBpeTokenizer.FileName));
        var compared = 0;

        foreach (var text in golden.GetProperty("next").EnumerateArray())
        {
            var ids = text.GetProperty("ids").Ints();
            Assert.Equal(ids, tokenizer.Encode(text.GetProperty("text").GetString()!));

            // A text of one token has no likelihood.
            var nll = NegativeLogLikelihood(session, ids);
            Assert.Equal(text.GetProperty("nll") is { ValueKind: JsonValueKind.Number } expected ? expected.GetDouble() : 0, nll, NllTolerance);
            session.AppendTokens(ids.AsSpan(ids.Length - 1), StepOutputs.Logits);

            var logits = session.Logits.AsSpan().ToArray();
            foreach (var (id, logit) in text.GetProperty("top_ids").Ints().Zip(text.GetProperty("top_logits").Floats()))
                Assert.Equal(logit, logits[id], LogitTolerance);
            Assert.Equal(text.GetProperty("mean").GetDouble(), logits.Average(v => (double)v), LogitTolerance);
            Assert.Equal(text.GetProperty("logsumexp").GetDouble(), SlowSearch.LogSumExp(logits), LogitTolerance);
            compared++;
        }

        Assert.Equal(13, compared);
    }

    /// <summary>60 item texts token by token: some 9,000 steps of the model.</summary>
    /// <param name="precision">The form of the weights.</param>
    /// <param name="most">Perplexity at most this times transformers' in float32: for int8 the promise, for int4 somewhat less than GenAI's builder's 67.3 / 47.7.</param>
    [SkippableTheory]
    [Trait("Category", "Full")]
    [InlineData("fp32", 1.00003)]
    [InlineData("int8", 1.01)]
    [InlineData("int4", 1.35)]
    public void Perplexity_ItemTexts_IsNearFloat32(string precision, double most)
    {
        var expected = GoldenJson.Read(Path.Combine(GoldenCases.RequireData(Model), "golden.json")).GetProperty("perplexity");
        using var source = Load(precision);
        using var session = source.CreateSession();
        double sum = 0;
        var tokens = 0;

        foreach (var ids in expected.GetProperty("texts").EnumerateArray().Select(text => text.GetProperty("ids").Ints()))
        {
            sum += NegativeLogLikelihood(session, ids);
            tokens += ids.Length - 1;
        }

        Assert.Equal(expected.GetProperty("tokens").GetInt32(), tokens);
        var ratio = Math.Exp(sum / tokens) / expected.GetProperty("perplexity").GetDouble();
        Assert.True(ratio <= most, $"{precision}: perplexity {Math.Exp(sum / tokens):F3} is {ratio:F5} of float32's; expected at most {most}.");
        if (precision == "fp32")
            Assert.Equal(1, ratio, 3e-5);
    }

    public void Dispose() => Directory.Delete(_temporary, recursive: true);

    /// <summary>Of the second token on; the last token is left to be appended.</summary>
    private static double NegativeLogLikelihood(IDecoderSession session, int[] ids)
    {
        double sum = 0;
        session.Rewind(0);
        for (var i = 0; i < ids.Length - 1; i++)
        {
            session.AppendTokens(ids.AsSpan(i, 1), StepOutputs.Logits);
            var logits = session.Logits.AsSpan();
            sum += SlowSearch.LogSumExp(logits.ToArray()) - logits[ids[i + 1]];
        }

        return sum;
    }

    /// <summary>Unchanged from its folder into a text-only bundle; rounded forms calibrated on the titles of items that the texts do not hold.</summary>
    private OnnxSessionSource Load(string precision)
    {
        var checkpoint = Directory.CreateDirectory(Path.Combine(_temporary, "checkpoint")).FullName;
        HubFolders.WriteSmol(checkpoint);
        string? calibration = null;
        if (precision != "fp32")
        {
            var items = ItemCatalog.Load(GoldenCases.RequireData("amazon/Industrial_and_Scientific")).Items;
            var texts = GoldenJson.Read(Path.Combine(GoldenCases.RequireData(Model), "golden.json")).GetProperty("perplexity").GetProperty("texts");
            var used = texts.EnumerateArray().Where(t => t.GetProperty("category").GetString() == "Industrial_and_Scientific").Select(t => t.GetProperty("item").GetString()).ToHashSet();
            calibration = Path.Combine(_temporary, "calibration.jsonl");
            File.WriteAllLines(calibration, items.Where(item => !used.Contains(item.Id)).Chunk(8).Take(24)
                .Select(chunk => JsonSerializer.Serialize(new { text = string.Join(". ", chunk.Select(item => item.Title)) })));
        }

        return new OnnxSessionSource(checkpoint, change: options => options with { Precisions = [precision], Calibration = calibration });
    }
}
