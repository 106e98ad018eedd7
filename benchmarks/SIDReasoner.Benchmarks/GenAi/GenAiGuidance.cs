using System.Diagnostics;
using System.Text;
using Microsoft.ML.OnnxRuntimeGenAI;

namespace SIDReasoner.Benchmarks.GenAi;

/// <summary>GenAI's guidance by a Lark grammar of the catalogue, nested by level: holds the trie, for one greedy path alone.</summary>
internal sealed class GenAiGuidance : IContender
{
    private readonly Config _config;
    private readonly Microsoft.ML.OnnxRuntimeGenAI.Model _model;
    private readonly string _grammar;

    public GenAiGuidance(RivalModel model)
    {
        _config = new Config(model.Path);
        _config.Overlay("""{"model":{"decoder":{"session_options":{"intra_op_num_threads":1,"inter_op_num_threads":1}}}}""");
        _model = new Microsoft.ML.OnnxRuntimeGenAI.Model(_config);
        var grammar = new StringBuilder("start: ");
        Write(grammar, [.. model.Catalog.Items.Select(item => model.Vocabulary.Encode(item.Sid))], level: 0);
        _grammar = grammar.ToString();
    }

    public string Name => "GenAI guidance, one path";

    /// <summary>Tokens of the last request's path.</summary>
    public int[] Best { get; private set; } = [];

    public RequestTimes Run(int[] prompt, int beams)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(beams, 1);
        long began = Stopwatch.GetTimestamp();
        using var parameters = new GeneratorParams(_model);
        parameters.SetSearchOption("max_length", prompt.Length + RivalModel.Levels);
        parameters.SetGuidance("lark_grammar", _grammar, false);
        using var generator = new Generator(_model, parameters);
        generator.AppendTokens(prompt);
        long prefilled = Stopwatch.GetTimestamp();
        for (int level = 0; level < RivalModel.Levels; level++)
        {
            generator.GenerateNextToken();
        }

        Best = generator.GetSequence(0)[prompt.Length..].ToArray();
        long searched = Stopwatch.GetTimestamp();
        return new RequestTimes(Stopwatch.GetElapsedTime(began, prefilled).TotalMilliseconds, Stopwatch.GetElapsedTime(prefilled, searched).TotalMilliseconds);
    }

    public void Dispose()
    {
        _model.Dispose();
        _config.Dispose();
    }

    private static void Write(StringBuilder grammar, List<int[]> sids, int level)
    {
        bool first = true;
        foreach (IGrouping<int, int[]> group in sids.GroupBy(sid => sid[level]).OrderBy(group => group.Key))
        {
            grammar.Append(first ? "" : " | ").Append($"<[{group.Key}]>");
            first = false;
            if (level + 1 < RivalModel.Levels)
            {
                grammar.Append(" ( ");
                Write(grammar, [.. group], level + 1);
                grammar.Append(" )");
            }
        }
    }
}
