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

    public void Dispose()
    {
        _session.Dispose();
        engine.Dispose();
    }
}
