using SIDReasoner.Benchmarks.Decoders.Builder;
using SIDReasoner.Benchmarks.Decoders.Gguf;
using SIDReasoner.Benchmarks.Decoders.Llama;
using SIDReasoner.Benchmarks.GenAi;
using SIDReasoner.Benchmarks.Packed;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;

namespace SIDReasoner.Benchmarks.Decoders;

/// <summary>
/// What does our decoder cost beside llama.cpp in this process, beside the graph that GenAI's builder writes, and beside one prefill a
/// beam? Same weights for all; nobody is timed before outputs agree; contenders take turns and medians count.
/// </summary>
internal sealed class DecoderRivals(RivalOptions options)
{
    private const int PromptLength = 300;
    private const int Beams = 50;
    private const string Fp32 = "ours fp32";
    private const string Int8 = "ours int8";
    private const string Int4 = "ours int4";

    private readonly RivalReport _report = new();
    private double _bandwidth;

    /// <summary>Runs what a command line asks for; one line to the error stream and exit code 2 where it asks for nothing known.</summary>
    public static void Run(ReadOnlySpan<string> args)
    {
        string command = "dotnet run --project benchmarks/SIDReasoner.Benchmarks -c Release -- decoder-rivals " + string.Join(' ', args.ToArray());
        RivalOptions options;
        try
        {
            options = RivalOptions.Parse(args);
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            Console.Error.WriteLine(error.Message);
            Environment.ExitCode = 2;
            return;
        }

        new DecoderRivals(options).Run(command.TrimEnd());
    }

    private void Run(string command)
    {
        try
        {
            Measure(command);
        }
        finally
        {
            // What was measured before a contender failed is kept.
            _report.Goals();
            if (options.Output is not null)
            {
                _report.Save(options.Output, command);
            }
        }
    }

    private void Measure(string command)
    {
        _report.Line($"# Our decoder beside other people's, {DateTime.UtcNow:yyyy-MM-dd}");
        _report.Line();
        _report.Line($"`{command}`");
        _report.Line();
        _report.Line($"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, commit {RivalReport.Commit()}, {RivalReport.Machine()}. {options.Threads} threads for everyone, medians of {options.Rounds} turns.");
        _bandwidth = MemoryBandwidth.Measure(options.Threads);
        _report.Line($"Memory read by {options.Threads} threads: {_bandwidth / 1e9:F1} GB/s.");
        _report.Line($"llama.cpp: {LlamaModel.SystemInfo}");
        if (options.Parts.Any(part => part != "smollm"))
        {
            RivalShape shape = options.Model == "qwen" ? RivalShape.Qwen : RivalShape.Small with { Precisions = ModelForms.Ours };
            Random(shape, options.Parts);
            if (options.Model == "qwen" && options.Parts.Contains("per-beam"))
            {
                Random(RivalShape.Deep, ["per-beam"]);
            }
        }

        if (options.Parts.Contains("smollm"))
        {
            new SmolLmRace(options, _report, _bandwidth).Run();
        }
    }

    private void Random(RivalShape shape, IReadOnlyList<string> parts)
    {
        using var model = new RivalModel(seed: 1, shape);
        _report.Line();
        _report.Line($"## Random Qwen3 of {shape.Parameters / 1e6:F1} M weights");
        _report.Line();
        _report.Line($"Width {shape.Width}, {shape.Layers} layers, {shape.Vocabulary:N0} tokens ({100.0 * shape.Vocabulary * shape.Width / shape.Parameters:F0} % of the weights); {shape.Items:N0} items, {RivalModel.Levels} levels; prompt {PromptLength}, W = {Beams}.");
        var files = new RivalFiles(model.Checkpoint, model.Bundle, model.Folder("rivals"), options.Threads, capacity: 512);
        int[] prompt = RivalModel.Prompt(PromptLength);
        if (parts.Contains("decode"))
        {
            Decode(files, prompt);
        }

        using SidTrie trie = SidTrie.Open(model.Bundle.FilePath("catalog.sidtrie"));
        var race = new SearchRace(trie, prompt, Beams);
        if (parts.Contains("search"))
        {
            Search(files, race);
        }

        if (parts.Contains("per-beam"))
        {
            PerBeam(model, files, trie, race, $"{shape.Parameters / 1e6:F0} M");
        }
    }

    private void Decode(RivalFiles files, int[] prompt)
    {
        _report.Line();
        _report.Line("### Prompt and one token");
        List<Contender> contenders =
        [
            .. files.Ours(_report),
            files.Llama(GgufType.F32), files.Llama(GgufType.Q8_0), files.Llama(GgufType.Q4_0),
            files.Builder(BuilderPrecision.Float32), files.Builder(BuilderPrecision.Bits8), files.Builder(BuilderPrecision.Bits4),
        ];
        try
        {
            TextRace.CheckAgreement("decode", contenders, prompt, _report, MostDistance);
            Dictionary<string, (double Prefill, double Token)> times = TextRace.Run("decode", contenders, prompt, options.Rounds, _bandwidth, _report);
            Promise(Int8, Fp32, 3, "a token");
            Promise(Int8, "llama.cpp Q8_0", 1.2, "a token");
            Promise(Int4, "llama.cpp Q4_0", 1.2, "a token");
            Promise(Fp32, "GenAI's builder fp32", 1, "a token");

            void Promise(string ours, string rival, double least, string what)
            {
                if (times.TryGetValue(ours, out (double Prefill, double Token) own))
                {
                    _report.Promise($"{what}: {ours} to {rival}", times[rival].Token / own.Token, least);
                }
            }
        }
        finally
        {
            contenders.ForEach(contender => contender.Dispose());
        }
    }

    private void Search(RivalFiles files, SearchRace race)
    {
        _report.Line();
        _report.Line("### Whole request beside llama.cpp");
        List<Contender> contenders = [.. files.Ours(_report), files.Llama(GgufType.F32, Beams), files.Llama(GgufType.Q8_0, Beams)];
        try
        {
            using (Contender precise = files.Llama(GgufType.F32, Beams, isFast: false))
            {
                foreach (ScoreMode mode in (ScoreMode[])[ScoreMode.Exact, ScoreMode.Catalog])
                {
                    SearchRace.Require("llama.cpp F32", race.Request(contenders[0].Session, mode), race.Request(precise.Session, mode), 2e-3f);
                }
            }

            _report.Line("Lists of ours fp32 and llama.cpp F32 (float32 cache, no flash attention) are equal, scores within .002. llama.cpp is timed with its defaults, a float16 cache and flash attention.");
            foreach (ScoreMode mode in (ScoreMode[])[ScoreMode.Exact, ScoreMode.Catalog])
            {
                Hypothesis[] expected = race.Request(contenders[0].Session, mode);
                double[] overlaps = [.. contenders.Select(contender => SearchRace.Overlap(expected, race.Request(contender.Session, mode)))];
                if (overlaps.Zip(contenders).FirstOrDefault(pair => pair.First < LeastOverlap(pair.Second)) is (var found, { } other))
                {
                    throw new InvalidOperationException($"{other.Name} shares {found:F0} % of the list with {Fp32}; expected {LeastOverlap(other)} %. Nothing was timed in {mode} scores.");
                }

                double[][] medians = Rounds.Medians(options.Rounds, [.. contenders.Select(contender => (Func<double[]>)(() => race.Time(contender.Session, mode)))]);
                _report.Table(
                    $"search {mode}",
                    [$"{mode} scores", "request, ms", "prompt, ms", "levels, ms", $"SIDs of {Fp32}'s, %"],
                    [.. contenders.Select(contender => contender.Name)],
                    [.. medians.Select((own, i) => (double[])[.. own, overlaps[i]])]);
                var request = contenders.Select((contender, i) => (contender.Name, Time: medians[i][0])).ToDictionary(pair => pair.Name, pair => pair.Time);
                _report.Promise($"request, {mode} scores: {Fp32} to llama.cpp F32", request["llama.cpp F32"] / request[Fp32], 2);
                if (request.TryGetValue(Int8, out double int8))
                {
                    _report.Promise($"request, {mode} scores: {Int8} to llama.cpp Q8_0", request["llama.cpp Q8_0"] / int8, 3.5);
                }
            }
        }
        finally
        {
            contenders.ForEach(contender => contender.Dispose());
        }
    }

    private void PerBeam(RivalModel model, RivalFiles files, SidTrie trie, SearchRace race, string size)
    {
        _report.Line();
        _report.Line("### Whole request beside one prefill a beam");
        _report.Line("On the same ONNX Runtime and the same fp32 graph: the prompt once a beam as one batch, the whole vocabulary's logits on the last row, a cache copied at each level. Exact scores.");
        List<Contender> contenders = [files.Ours("fp32", _report)];
        try
        {
            using var usual = new PrefillPerBeamSearch(model.Bundle, trie, Beams, options.Threads);
            race.Time(usual);
            SearchRace.Require("One prefill a beam", race.Request(contenders[0].Session, ScoreMode.Exact), usual.Search(), 1e-3f);
            List<Func<double[]>> turns = [.. contenders.Select(contender => (Func<double[]>)(() => race.Time(contender.Session, ScoreMode.Exact))), () => race.Time(usual)];
            double[][] medians = Rounds.Medians(Math.Max(3, options.Rounds / 3), turns);
            _report.Table($"per-beam {size}", ["contender", "request, ms", "prompt, ms", "levels, ms"], [.. contenders.Select(contender => contender.Name), "one prefill a beam"], medians);
            _report.Promise($"request, exact scores, {size}: {Fp32} to one prefill a beam", medians[^1][0] / medians[0][0], 20);
        }
        finally
        {
            contenders.ForEach(contender => contender.Dispose());
        }
    }

    /// <summary>How much of fp32's list rounding must leave, in percent: random weights lie close together.</summary>
    private static double LeastOverlap(Contender contender) => contender.Name.Contains('4', StringComparison.Ordinal) ? 20 : 70;

    /// <summary>How far rounding may lead away, relative to the length of fp32's logits. Random weights are the worst case for few bits.</summary>
    internal static double MostDistance(Contender contender) => contender.Name switch
    {
        Fp32 or "GenAI's builder fp32" => 1e-4,
        "llama.cpp F32" => 1e-2,
        _ when contender.Name.Contains('4', StringComparison.Ordinal) => 0.5,
        _ => 0.1,
    };
}
