using System.Globalization;
using SIDReasoner.Benchmarks.Decoders;
using SIDReasoner.Benchmarks.GenAi;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Benchmarks.Prefixes;

/// <summary>What a returning user costs: a prompt whose start is kept, beside the same new tokens over a cache that holds the start already, and beside the whole prompt.</summary>
internal static class PrefixReuse
{
    private const int Beams = 10;
    private const int Threads = 2;
    private const float Tolerance = 1e-3f;
    private const long KeptBytes = 1L << 30;

    /// <summary>Prints medians and ratios for two models and three lengths of start and of what is new.</summary>
    /// <param name="rounds">Counted turns of each contender.</param>
    public static void Run(int rounds)
    {
        Console.WriteLine($"{rounds} turns each, {Threads} threads, {Beams} beams; ms to the SID logits of the prompt's last token / to the finished list; medians");
        Console.WriteLine("weights    start + new    kept start     same past      whole prompt     kept / past   kept / whole");
        foreach ((RivalShape shape, (int Start, int New)[] lengths) in new[] { (RivalShape.Small, new[] { (300, 8), (300, 40), (900, 8) }), (RivalShape.Qwen, [(300, 8), (300, 40), (900, 8)]) })
        {
            using var model = new RivalModel(seed: 3, shape);
            using SidTrie trie = model.Catalog.BuildTrie(model.Vocabulary);
            foreach ((int start, int added) in lengths)
            {
                Measure(model, trie, shape, start, added, rounds);
            }
        }
    }

    private static void Measure(RivalModel model, SidTrie trie, RivalShape shape, int start, int added, int rounds)
    {
        using OnnxModel keeping = OnnxModel.Load(model.Bundle, new OnnxModelOptions { Threads = Threads, PrefixCacheBytes = KeptBytes });
        // A model each: two sessions of one model would find its weights in the processor's caches after each other's turns, and the third never.
        using OnnxModel plain = OnnxModel.Load(model.Bundle, new OnnxModelOptions { Threads = Threads });
        using OnnxModel another = OnnxModel.Load(model.Bundle, new OnnxModelOptions { Threads = Threads });
        using OnnxDecoderSession kept = keeping.CreateSession(), past = plain.CreateSession(), whole = another.CreateSession();
        var search = new SidBeamSearch(trie, new ManagedBeamKernel());
        var results = new Hypothesis[Beams];
        var options = new SearchOptions { BeamWidth = Beams };
        StepOutputs outputs = SidBeamSearch.OutputsFor(options.ScoreMode);
        int[] prompt = RivalModel.Prompt(start + added);
        var random = new Random(5);
        past.AppendTokens(prompt.AsSpan(0, start), StepOutputs.None);
        kept.AppendTokens(prompt.AsSpan(0, start), StepOutputs.None);

        Hypothesis[] expected = Turn(whole, prompt, from: 0).Found;
        SearchRace.Require("The kept start", expected, Turn(kept, prompt, from: 0).Found, Tolerance);
        SearchRace.Require("The same past", expected, Turn(past, prompt, from: start).Found, Tolerance);

        double[][] times = Rounds.Medians(
            rounds,
            [
                () => Turn(kept, Draw(), from: 0).Times,
                () => Turn(past, Draw(), from: start).Times,
                () => Turn(whole, Draw(), from: 0).Times,
            ]);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{shape.Parameters / 1e6,5:F1} M   {start,4} + {added,-4}  {Pair(times[0])}  {Pair(times[1])}  {Pair(times[2])}     {times[0][0] / times[1][0]:F2} / {times[0][1] / times[1][1]:F2}   {times[0][0] / times[2][0]:F2} / {times[0][1] / times[2][1]:F2}"));

        // Every turn's end is new, or the second turn would find the first one's.
        int[] Draw() => [.. prompt.AsSpan(0, start), .. Enumerable.Range(0, added).Select(_ => random.Next(4, 3000))];

        (double[] Times, Hypothesis[] Found) Turn(OnnxDecoderSession session, int[] tokens, int from)
        {
            int found = 0;
            double prefill = Rounds.Time(() =>
            {
                session.Rewind(from);
                session.AppendTokens(tokens.AsSpan(from), outputs);
            });
            double levels = Rounds.Time(() => found = search.Search(session, options, results));
            return session == kept && session.ReusedTokens < start
                ? throw new InvalidOperationException($"{session.ReusedTokens} tokens were kept; expected {start}.")
                : ([prefill, prefill + levels], results[..found]);
        }
    }

    private static string Pair(double[] times) => string.Create(CultureInfo.InvariantCulture, $"{times[0],6:F2} /{times[1],7:F2}");
}
