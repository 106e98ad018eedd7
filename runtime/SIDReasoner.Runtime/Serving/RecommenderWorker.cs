using System.Diagnostics;
using SIDReasoner.Core;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Thinking;
using SIDReasoner.Runtime.Kernels;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Runtime.Serving;

/// <summary>One lane of a recommender: a KV cache, a search and its buffers, used by one request at a time.</summary>
internal sealed class RecommenderWorker : IDisposable
{
    private readonly RankingAssets _assets;
    private readonly IDecoderEngine _engine;
    private readonly AdapterSessions _sessions;
    private readonly BeamKernelSource _kernel;
    private readonly SidBeamSearch _search;
    private readonly ReferenceBeamSearch? _referenceSearch;
    private readonly ThinkingDecoder _thinking = new();
    private readonly List<int> _items = [];
    private IDecoderSession _session;
    private Hypothesis[] _results = [];

    public RecommenderWorker(RankingAssets assets, IDecoderEngine engine, BeamKernelSource kernel)
    {
        _assets = assets;
        _engine = engine;
        _kernel = kernel;
        _sessions = new AdapterSessions(engine);
        _session = _sessions.For(null);
        _search = new SidBeamSearch(assets.Trie, kernel.Create());
        _referenceSearch = assets.Bundle.Manifest.ReferenceEnd is { } end ? new ReferenceBeamSearch(assets.Trie, end[0]) : null;
    }

    /// <summary>Answers one request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="onPiece">Receives the thought's text as it comes; null for nobody.</param>
    /// <param name="cancellation">Checked before each forward.</param>
    public Recommendation Run(RecommendRequest request, Action<string>? onPiece, CancellationToken cancellation)
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
        ThinkingOptions? thinking = request.Thinking is null ? null : _assets.Text.Thinking(request.Thinking, needsPrompt: true);
        (int[] prompt, int dropped) = request.PromptIds is null ? BuildPrompt(request, history, thinking) : ([.. request.PromptIds], 0);
        Func<int, bool>? isAllowed = Allowed(request, history);
        var options = new SearchOptions
        {
            BeamWidth = width,
            ScoreMode = mode,
            Filter = Filter(request, history, isAllowed),
        };
        long prompted = Stopwatch.GetTimestamp();

        _session = _sessions.For(request.Adapter);
        _session.Rewind(0);
        if (thinking is not null || !_search.NeedsNoLogits(options))
        {
            RequireRoom(prompt.Length, thinking, width, mode);
            cancellation.ThrowIfCancellationRequested();
            _session.AppendTokens(prompt, thinking is null ? SidBeamSearch.OutputsFor(mode) : ThinkingDecoder.OutputsFor(thinking));
        }

        long prefilled = Stopwatch.GetTimestamp();
        Thought? thought = thinking is null ? null : Think(thinking, SidBeamSearch.OutputsFor(mode), onPiece, cancellation);
        long thoughtUp = Stopwatch.GetTimestamp();
        int found = mode == ScoreMode.Reference
            ? _referenceSearch!.Search(_session, options, _results, cancellation)
            : _search.Search(_session, options, _results, cancellation);
        long searched = Stopwatch.GetTimestamp();
        int reused = _session.ReusedTokens;

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
            Thinking = thought,
            Stages = new StageTimes(Milliseconds(began, prompted), Milliseconds(prompted, prefilled), thinking is null ? 0 : Milliseconds(prefilled, thoughtUp), Milliseconds(thoughtUp, searched), Milliseconds(searched, finished)),
            PromptTokens = prompt.Length,
            PrefixTokens = reused,
            DroppedItems = dropped,
            BeamWidth = width,
            ScoreMode = mode,
            Engine = _engine.Name,
            Kernel = mode == ScoreMode.Reference ? BeamKernelSource.ManagedName : _kernel.Name,
            Precision = _engine.Precision,
        };
    }

    public void Dispose() => _sessions.Dispose();

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

    /// <summary>The search's filter; leaving out a history alone costs by its length, not by the catalogue's.</summary>
    private SidFilter? Filter(RecommendRequest request, int[] history, Func<int, bool>? isAllowed) =>
        isAllowed is null ? null
        : request.IsAllowed is null ? SidFilter.AllExcept(_assets.Trie, history)
        : SidFilter.Create(_assets.Trie, isAllowed);

    private int IndexOf(string id) => _assets.Catalog.TryGetIndex(id, out int index) ? index : throw new UnreachableException($"'{id}' was checked.");

    /// <summary>The prompt of a history, without its oldest items where the context does not hold them all.</summary>
    private (int[] Prompt, int Dropped) BuildPrompt(RecommendRequest request, int[] history, ThinkingOptions? thinking)
    {
        int room = _assets.Bundle.Manifest.Context - (thinking is null ? 0 : ThinkingDecoder.TokensNeeded(thinking));
        int used = Math.Min(history.Length, _assets.Text.Prompt?.HistoryMaxItems ?? history.Length);
        int[] prompt = _assets.BuildPrompt(history, thinking is not null);
        int dropped = 0;
        while (prompt.Length > room && dropped < used - 1 && !request.RequireWholeHistory)
        {
            dropped++;
            prompt = _assets.BuildPrompt(history[^(used - dropped)..], thinking is not null);
        }

        return (prompt, dropped);
    }

    private Thought Think(ThinkingOptions options, StepOutputs outputs, Action<string>? onPiece, CancellationToken cancellation)
    {
        using (var pieces = new PieceTeller(_assets.Text.Tokenizer, skipsSpecialTokens: false, onPiece))
        {
            _thinking.Think(_session, options, outputs, pieces.OnToken, cancellation);
        }

        string text = _assets.Text.Tokenizer!.Decode(_thinking.TokenIds);
        return new Thought(text, _thinking.TokenIds.ToArray(), _thinking.IsClosed, SidMentions.Find(text, _assets.Catalog));
    }

    private void RequireRoom(int promptLength, ThinkingOptions? thinking, int width, ScoreMode mode)
    {
        int context = _assets.Bundle.Manifest.Context;
        RequestRules.CheckLength(promptLength, context);
        int text = promptLength;
        if (thinking is not null)
        {
            RequestRules.CheckThought(promptLength, thinking, context);
            text += ThinkingDecoder.TokensNeeded(thinking);
        }

        int rows = mode == ScoreMode.Reference ? _referenceSearch!.RowsNeeded(width) : _search.RowsNeeded(width);
        if (text + rows > _session.Capacity)
        {
            throw new SidReasonerException(
                $"{text} tokens of {(thinking is null ? "the prompt" : "prompt and thought")} and {rows} beam rows (W = {width}) need {text + rows} places in the cache; the bundle has {_session.Capacity} (use fewer beams, or export with a larger --max-beams)");
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
