using System.Globalization;
using Microsoft.ML.OnnxRuntimeGenAI;
using SIDReasoner.Core.Tries;
using SIDReasoner.Runtime.GenAI;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Benchmarks.GenAi;

/// <summary>
/// What does our search cost beside what GenAI brings itself? Whole requests over one random model, prompt of 300 tokens, one thread:
/// our search on ONNX Runtime and inside GenAI, GenAI's num_beams without and with a mask a level, and its guidance.
/// </summary>
/// <remarks>Not BenchmarkDotNet, whose runs follow one another: here contenders take turns, and the smallest of each one's times counts, so a busy neighbour hurts all alike.</remarks>
internal static class GenAiRivals
{
    private const int PromptLength = 300;
    private const int MostGenAiBeams = 32;
    private const int TextTokens = 30;
    private static readonly int[] s_widths = [1, 10, 30, 50];

    /// <summary>Measures and prints a table.</summary>
    /// <param name="rounds">Turns of each contender; the first is not counted.</param>
    public static void Run(int rounds)
    {
        using var model = new RivalModel(seed: 1);
        int[] prompt = RivalModel.Prompt(PromptLength);
        using SidTrie trie = model.Catalog.BuildTrie(model.Vocabulary);
        using var onnx = new OwnSearch("ours on ONNX Runtime", OnnxModel.Load(model.Bundle, new OnnxModelOptions { Threads = 1 }), trie);
        using var genAi = new OwnSearch("ours inside GenAI", LoadGenAi(model), trie);
        using var free = new GenAiBeams(model, levels: null);
        using var masked = new GenAiBeams(model, [.. Enumerable.Range(0, RivalModel.Levels).Select(model.LevelTokens)]);
        using var guided = new GenAiGuidance(model);
        CheckAgreement(model, prompt, onnx, genAi, guided);

        Console.WriteLine($"Prompt {PromptLength}, {RivalModel.Levels} levels, {model.Catalog.Items.Count:N0} items, one thread, smallest of {rounds} turns. Only ours and guidance hold the catalogue.");
        Console.WriteLine();
        Console.WriteLine("| W | contender | prefill ms | levels ms | request ms | to ours on ONNX Runtime | to ours inside GenAI |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- | --- |");
        foreach (int width in s_widths)
        {
            List<IContender> contenders = [onnx, genAi];
            if (width <= MostGenAiBeams)
            {
                contenders.AddRange([free, masked]);
            }

            if (width == 1)
            {
                contenders.Add(guided);
            }

            Print(width, contenders, Measure(contenders, prompt, width, rounds));
            if (width > MostGenAiBeams)
            {
                PrintRefusal(width, free, prompt);
            }
        }

        PrintEngines(onnx, genAi, prompt, rounds);
    }

    /// <summary>What GenAI costs over ONNX Runtime on the same file: the levels of a search, and a token of a thought.</summary>
    private static void PrintEngines(OwnSearch onnx, OwnSearch genAi, int[] prompt, int rounds)
    {
        Console.WriteLine();
        Console.WriteLine("| same file | ONNX Runtime ms | GenAI ms | ratio |");
        Console.WriteLine("| --- | --- | --- | --- |");
        foreach (int width in s_widths)
        {
            Row($"levels, W = {width}", () => onnx.Run(prompt, width).Levels, () => genAi.Run(prompt, width).Levels);
        }

        Row("a token of text", () => onnx.RunText(prompt, TextTokens), () => genAi.RunText(prompt, TextTokens));

        void Row(string what, Func<double> one, Func<double> other)
        {
            (double least, double otherLeast) = (double.MaxValue, double.MaxValue);
            for (int round = 0; round < 3 * rounds; round++)
            {
                least = Math.Min(least, one());
                otherLeast = Math.Min(otherLeast, other());
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {least:F3} | {otherLeast:F3} | {otherLeast / least:F2}x |"));
        }
    }

    private static GenAiEngine LoadGenAi(RivalModel model) =>
        GenAiEngine.Load(model.Bundle, new GenAiEngineOptions { Threads = 1, ReusePrefixes = false });

    private static RequestTimes[] Measure(List<IContender> contenders, int[] prompt, int width, int rounds)
    {
        var least = new RequestTimes[contenders.Count];
        for (int round = 0; round <= rounds; round++)
        {
            for (int i = 0; i < contenders.Count; i++)
            {
                RequestTimes times = contenders[i].Run(prompt, width);
                if (round > 0 && (least[i] == default || times.Request < least[i].Request))
                {
                    least[i] = times;
                }
            }
        }

        return least;
    }

    private static void Print(int width, List<IContender> contenders, RequestTimes[] times)
    {
        for (int i = 0; i < contenders.Count; i++)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {width} | {contenders[i].Name} | {times[i].Prefill:F2} | {times[i].Levels:F2} | {times[i].Request:F2} | {times[i].Request / times[0].Request:F2}x | {times[i].Request / times[1].Request:F2}x |"));
        }
    }

    private static void PrintRefusal(int width, GenAiBeams beams, int[] prompt)
    {
        try
        {
            beams.Run(prompt, width);
            throw new InvalidOperationException($"GenAI ran {width} beams; it was expected to refuse more than {MostGenAiBeams}.");
        }
        catch (OnnxRuntimeGenAIException refusal)
        {
            Console.WriteLine($"| {width} | {beams.Name} | | | refused: {refusal.Message} | | |");
        }
    }

    /// <summary>Nobody is timed before all give the same: both engines' lists, one guided path, and GenAI's masked beams over a catalogue that a mask a level can hold.</summary>
    private static void CheckAgreement(RivalModel model, int[] prompt, OwnSearch onnx, OwnSearch genAi, GenAiGuidance guided)
    {
        foreach (int width in s_widths)
        {
            onnx.Run(prompt, width);
            genAi.Run(prompt, width);
            Require(onnx.Found.Select(found => found.SidNumber).SequenceEqual(genAi.Found.Select(found => found.SidNumber)), $"Both engines' lists differ at W = {width}.");
        }

        guided.Run(prompt, 1);
        int[][] sids = [.. model.Catalog.Items.Select(item => model.Vocabulary.Encode(item.Sid))];
        Require(sids.Any(sid => sid.SequenceEqual(guided.Best)), $"Guidance left the catalogue: {string.Join(' ', guided.Best)}.");

        int[][] few = [.. Enumerable.Range(0, RivalModel.Levels).Select(level => model.LevelTokens(level)[..24])];
        int[] product = [.. few[0].SelectMany(a => few[1].SelectMany(b => few[2].SelectMany(c => new[] { a, b, c })))];
        using SidTrie trie = SidTrieBuilder.Build(product, RivalModel.Levels, [.. model.SidTokenIds]);
        using var own = new OwnSearch("check", LoadGenAi(model), trie);
        using var masked = new GenAiBeams(model, few);
        foreach (int width in new[] { 1, 10, 30 })
        {
            own.Run(prompt, width);
            masked.Run(prompt, width);
            var items = new List<int>();
            trie.CopyItems(own.Found[0].SidNumber, items);
            int[] best = product[(items[0] * RivalModel.Levels)..((items[0] + 1) * RivalModel.Levels)];
            Require(best.SequenceEqual(masked.Best), $"GenAI's masked beams found {string.Join(' ', masked.Best)} at W = {width}; ours {string.Join(' ', best)}.");
        }
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new InvalidOperationException(message);
        }
    }
}
