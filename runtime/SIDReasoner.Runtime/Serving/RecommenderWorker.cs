using System.Diagnostics;
using SIDReasoner.Core;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Runtime.Serving;

/// <summary>One lane of a recommender: a KV cache, a search and its buffers, used by one request at a time.</summary>
internal sealed class RecommenderWorker : IDisposable
{
    private readonly RankingAssets _assets;
    private readonly IDecoderEngine _engine;
    private readonly IDecoderSession _session;
    private readonly SidBeamSearch _search;
    private readonly List<int> _items = [];
    private Hypothesis[] _results = [];

    public RecommenderWorker(RankingAssets assets, IDecoderEngine engine)
    {
        _assets = assets;
        _engine = engine;
        _session = engine.CreateSession();
        _search = new SidBeamSearch(assets.Trie, new ManagedBeamKernel());
    }

    public Recommendation Run(RecommendRequest request, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        RequestRules.Check(request, _assets);
        int width = Math.Max(request.BeamWidth, request.K);
        ScoreMode mode = request.ScoreMode ?? _assets.DefaultScoreMode;
        if (_results.Length < width)
        {
            _results = new Hypothesis[width];
        }

        int[] history = request.History is null ? [] : [.. request.History.Select(IndexOf)];
        int[] prompt = request.PromptIds is null ? _assets.BuildPrompt(history) : [.. request.PromptIds];
        Func<int, bool>? isAllowed = Allowed(request, history);
        var options = new SearchOptions
        {
            BeamWidth = width,
            ScoreMode = mode,
            Filter = isAllowed is null ? null : SidFilter.Create(_assets.Trie, isAllowed),
        };
        long prompted = Stopwatch.GetTimestamp();

        _session.Rewind(0);
        if (!_search.NeedsNoLogits(options))
        {
            RequireRoom(prompt.Length, width);
            cancellation.ThrowIfCancellationRequested();
            _session.AppendTokens(prompt, SidBeamSearch.OutputsFor(mode));
        }

        long prefilled = Stopwatch.GetTimestamp();
        int found = _search.Search(_session, options, _results, cancellation);
        long searched = Stopwatch.GetTimestamp();

        // What an engine shares among its sessions, it may lend to the next one from here on.
        _session.Rewind(0);
        var items = new RankedItem[Math.Min(found, request.K)];
        for (int place = 0; place < items.Length; place++)
        {
            items[place] = Ranked(place, isAllowed);
        }

        long finished = Stopwatch.GetTimestamp();
        return new Recommendation
        {
            Items = items,
            Stages = new StageTimes(Milliseconds(began, prompted), Milliseconds(prompted, prefilled), 0, Milliseconds(prefilled, searched), Milliseconds(searched, finished)),
            PromptTokens = prompt.Length,
            BeamWidth = width,
            ScoreMode = mode,
            Engine = _engine.Name,
            Precision = _engine.Precision,
        };
    }

    public void Dispose() => _session.Dispose();

    private static Func<int, bool>? Allowed(RecommendRequest request, int[] history)
    {
        if (!request.ExcludeHistory)
        {
            return request.IsAllowed;
        }

        HashSet<int> left = [.. history];
        Func<int, bool>? further = request.IsAllowed;
        return item => !left.Contains(item) && (further is null || further(item));
    }

    private int IndexOf(string id) => _assets.Catalog.TryGetIndex(id, out int index) ? index : throw new UnreachableException($"'{id}' was checked.");

    private void RequireRoom(int promptLength, int width)
    {
        RequestRules.CheckLength(promptLength, _assets.Bundle.Manifest.Context);
        int rows = _search.RowsNeeded(width);
        if (promptLength + rows > _session.Capacity)
        {
            throw new SidReasonerException(
                $"a prompt of {promptLength} tokens and {rows} beam rows (W = {width}) need {promptLength + rows} places in the cache; the bundle has {_session.Capacity} (use fewer beams, or export with a larger --max-beams)");
        }
    }

    private RankedItem Ranked(int place, Func<int, bool>? isAllowed)
    {
        Hypothesis hypothesis = _results[place];
        _items.Clear();
        _assets.Trie.CopyItems(hypothesis.SidNumber, _items);
        if (isAllowed is not null)
        {
            _items.RemoveAll(item => !isAllowed(item));
        }

        Item first = _assets.Catalog.Items[_items[0]];
        return new RankedItem(place + 1, first.Sid, [.. _items.Select(item => _assets.Catalog.Items[item].Id)], first.Title, hypothesis.Score);
    }

    private static double Milliseconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
}
