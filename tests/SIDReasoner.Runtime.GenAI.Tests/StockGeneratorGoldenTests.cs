using System.Text.Json;
using Microsoft.ML.OnnxRuntimeGenAI;
using SIDReasoner.Runtime.Model;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>An exported bundle opens in GenAI's own generator, with nothing set, and says token for token what our engines and transformers say.</summary>
public sealed class StockGeneratorGoldenTests
{
    private const int Count = 40;

    public static TheoryData<string> Models => GoldenCases.Folders("hf/models/*");

    public static TheoryData<string> GreedyCases => GoldenCases.Folders("hf/greedy/*");

    [SkippableTheory]
    [MemberData(nameof(GreedyCases))]
    public void Generate_GoldenCase_SaysWhatTransformersSay(string folder)
    {
        var path = GoldenCases.Require(folder);
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(path, "case.json")));
        var root = document.RootElement;
        using var bundle = new TestBundle(Path.Combine(GoldenCases.Root, "hf", root.GetProperty("model").GetString()!));
        var ends = EndIds(bundle.Path);
        var compared = 0;

        foreach (var golden in root.GetProperty("cases").EnumerateArray())
        {
            var prompt = Ints(golden.GetProperty("ids"));
            int[] expected = [.. Ints(golden.GetProperty("tokens")).TakeWhile(token => !ends.Contains(token))];

            Assert.Equal(expected, StockGenerator.Generate(bundle.Path, prompt, expected.Length));
            compared += expected.Length;
        }

        Assert.True(compared > 0, $"'{folder}' holds no token before an end of sequence.");
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Generate_EveryCheckpoint_SaysWhatOurEnginesSay(string folder)
    {
        using var bundle = new TestBundle(GoldenCases.Require(folder));
        var ends = EndIds(bundle.Path);
        using var onnx = bundle.LoadOnnx();
        using var onnxSession = onnx.CreateSession();
        using var genAi = bundle.LoadGenAi();
        using var genAiSession = genAi.CreateSession();
        var random = new Random(7);

        foreach (var length in new[] { 1, 9, 60 })
        {
            int[] prompt = [.. Enumerable.Range(0, length).Select(_ => random.Next(bundle.Bundle.Manifest.VocabSize))];
            var ours = Decode.Greedy(onnxSession, prompt, Count);
            int[] expected = [.. ours.TakeWhile(token => !ends.Contains(token))];

            Assert.Equal(ours, Decode.Greedy(genAiSession, prompt, Count));
            Assert.Equal(expected, StockGenerator.Generate(bundle.Path, prompt, Count));
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void ControlInput_NobodySetsIt_GenAiFillsInOneZero(string folder)
    {
        using var bundle = new TestBundle(GoldenCases.Require(folder));
        using var model = new Microsoft.ML.OnnxRuntimeGenAI.Model(bundle.Path);
        using var generator = StockGenerator.Create(model);

        generator.AppendTokens([1, 2, 3]);

        // Undocumented, and what the one graph for all engines stands on: should a version stop it, write two graphs instead.
        using var preset = generator.GetInput(ControlFields.InputName);
        Assert.Equal([1L], preset.Shape());
        Assert.Equal([0L], preset.GetData<long>().ToArray());
        using var logits = generator.GetOutput("logits");
        Assert.Equal([1L, 1L, bundle.Bundle.Manifest.VocabSize], logits.Shape());
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Settings_ConfigOfTheBundle_AreGreedyInChunksWithSharedCaches(string folder)
    {
        using var bundle = new TestBundle(GoldenCases.Require(folder));
        using var model = new Microsoft.ML.OnnxRuntimeGenAI.Model(bundle.Path);
        using var parameters = new GeneratorParams(model);

        Assert.False(parameters.GetSearchBool("do_sample"));
        Assert.True(parameters.GetSearchBool("past_present_share_buffer"));
        Assert.Equal(512, parameters.GetSearchNumber("chunk_size"));
        Assert.Equal(1, parameters.GetSearchNumber("num_beams"));
        Assert.Equal(bundle.Bundle.Manifest.Context, parameters.GetSearchNumber("max_length"));
    }

    private static HashSet<int> EndIds(string bundle)
    {
        using var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(bundle, "genai_config.json")));
        return [.. Ints(config.RootElement.GetProperty("model").GetProperty("eos_token_id"))];
    }

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt32())];
}
