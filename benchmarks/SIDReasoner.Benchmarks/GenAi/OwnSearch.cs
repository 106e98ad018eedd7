using System.Diagnostics;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Benchmarks.GenAi;

/// <summary>This project's search over either engine: the prompt once, each level one packed run, held to the trie.</summary>
internal sealed class OwnSearch(string name, IDecoderEngine engine, SidTrie trie) : IContender
{
    private readonly IDecoderSession _session = engine.CreateSession();
    private readonly SidBeamSearch _search = new(trie, new ManagedBeamKernel());
    private readonly Hypothesis[] _results = new Hypothesis[SearchOptions.MaxBeamWidth];

    public string Name => name;

    /// <summary>The last request's ranking.</summary>
    public Hypothesis[] Found { get; private set; } = [];

    public RequestTimes Run(int[] prompt, int beams)
    {
        var options = new SearchOptions { BeamWidth = beams, ScoreMode = ScoreMode.Catalog };
        long began = Stopwatch.GetTimestamp();
        _session.Rewind(0);
        _session.AppendTokens(prompt, StepOutputs.SidLogits);
        long prefilled = Stopwatch.GetTimestamp();
        int found = _search.Search(_session, options, _results);
        long searched = Stopwatch.GetTimestamp();
        Found = [.. _results.AsSpan(0, found)];
        return new RequestTimes(Stopwatch.GetElapsedTime(began, prefilled).TotalMilliseconds, Stopwatch.GetElapsedTime(prefilled, searched).TotalMilliseconds);
    }

    /// <summary>Milliseconds a token of text behind a prompt, each step's logits read, as a thought is.</summary>
    public double RunText(int[] prompt, int tokens)
    {
        _session.Rewind(0);
        _session.AppendTokens(prompt, StepOutputs.Logits);
        long began = Stopwatch.GetTimestamp();
        float sum = 0;
        for (int i = 0; i < tokens; i++)
        {
            sum += _session.Logits.AsSpan()[0];
            _session.AppendTokens(prompt.AsSpan(i, 1), StepOutputs.Logits);
        }

        double elapsed = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        return float.IsNaN(sum) ? throw new InvalidOperationException("The model gave no number.") : elapsed / tokens;
    }

    public void Dispose()
    {
        _session.Dispose();
        engine.Dispose();
    }
}
