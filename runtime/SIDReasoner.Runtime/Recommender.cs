using System.Runtime.CompilerServices;
using SIDReasoner.Core;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Core.Items;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.Kernels;
using SIDReasoner.Runtime.Model;
using SIDReasoner.Runtime.Serving;

namespace SIDReasoner.Runtime;

/// <summary>The front door: opens a bundle and ranks its catalogue for a history or a prompt.</summary>
/// <remarks>
/// One recommender serves parallel callers on any thread: up to <see cref="RecommenderOptions.MaxParallel"/> requests are computed
/// at once, each on a KV cache of its own that is kept for the next request; further callers wait, in order. Weights are loaded
/// once. From the second request of the same lengths on, no step allocates on the managed heap; the answer's objects do.
/// </remarks>
public sealed class Recommender : IDisposable
{
    private readonly RankingAssets _assets;
    private readonly IDecoderEngine _engine;
    private readonly BeamKernelSource _kernel;
    private readonly LanePool<RecommenderWorker> _lanes;
    private bool _disposed;

    private Recommender(RankingAssets assets, IDecoderEngine engine, BeamKernelSource kernel, int parallel)
    {
        _assets = assets;
        _engine = engine;
        _kernel = kernel;
        _lanes = new LanePool<RecommenderWorker>(parallel, () => new RecommenderWorker(_assets, _engine, _kernel));
    }

    /// <summary>The opened bundle.</summary>
    public Bundle Bundle => _assets.Bundle;

    /// <summary>The catalogue that is ranked.</summary>
    public ItemCatalog Catalog => _assets.Catalog;

    /// <summary>Name of the engine that computes, such as "onnxruntime".</summary>
    public string Engine => _engine.Name;

    /// <summary>The precision that runs, such as "fp32".</summary>
    public string Precision => _engine.Precision;

    /// <summary>Name of the kernel that selects beams, "native" or "managed".</summary>
    public string Kernel => _kernel.Name;

    /// <summary>Why the native kernel does not run although <see cref="KernelChoice.Auto"/> would take it; null where there is nothing to say.</summary>
    public string? KernelNote => _kernel.Note;

    /// <summary>What the checkpoint's authors sample with, for callers who ask for sampling; null where they do not say.</summary>
    public GenerationConfig? GenerationConfig => _assets.Text.Generation;

    /// <summary>How a request that names no score mode is scored: as the bundle says.</summary>
    public ScoreMode DefaultScoreMode => _assets.DefaultScoreMode;

    /// <summary>Requests computed at once.</summary>
    public int MaxParallel => _lanes.Size;

    /// <summary>Opens a bundle: every version and hash is compared first, then the model is loaded.</summary>
    /// <param name="options">The bundle's folder and the machine's share.</param>
    /// <param name="engine">Loads the opened bundle's decoder; null, the default, loads it into ONNX Runtime.</param>
    /// <returns>A recommender, which owns the engine; the caller disposes it.</returns>
    /// <exception cref="SidReasonerException">The bundle is missing, damaged, of another version, or has no catalogue, or the native kernel is demanded and cannot be loaded; nothing stays open.</exception>
    public static Recommender Open(RecommenderOptions options, Func<Bundle, RecommenderOptions, IDecoderEngine>? engine = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        BeamKernelSource kernel = BeamKernelSource.Choose(options.Kernel);
        RankingAssets assets = RankingAssets.Open(Bundle.Open(options.BundlePath));
        try
        {
            int parallel = options.MaxParallel > 0 ? options.MaxParallel : Environment.ProcessorCount;
            return new Recommender(assets, (engine ?? LoadOnnxRuntime)(assets.Bundle, options), kernel, parallel);
        }
        catch
        {
            assets.Dispose();
            throw;
        }
    }

    /// <summary>Checks a request without computing anything, as <see cref="RecommendAsync"/> will.</summary>
    /// <param name="request">The request.</param>
    /// <exception cref="SidReasonerException">The request cannot be answered: what was found and expected.</exception>
    public void Validate(RecommendRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequestRules.Check(request, _assets);
    }

    /// <summary>Ranks the catalogue for one request.</summary>
    /// <param name="request">A history or a prompt, and how many SIDs to return.</param>
    /// <param name="cancellation">Ends the wait for a turn, or the request at its next forward.</param>
    /// <returns>The ranking, best first.</returns>
    /// <exception cref="SidReasonerException">The request cannot be answered: what was found and expected. The recommender goes on.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The recommender is disposed.</exception>
    public Task<Recommendation> RecommendAsync(RecommendRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _lanes.RunAsync((lane, token) => lane.Run(request, onPiece: null, token), cancellation);
    }

    /// <summary>Ranks the catalogue for many requests, <see cref="MaxParallel"/> at once, and gives the answers in the requests' order.</summary>
    /// <param name="requests">The requests; read only a little ahead of the answers, so a long stream needs no memory.</param>
    /// <param name="cancellation">Ends the enumeration.</param>
    /// <returns>One answer a request.</returns>
    /// <exception cref="SidReasonerException">A request cannot be answered; the answers before it have been given.</exception>
    public IAsyncEnumerable<Recommendation> RecommendManyAsync(IEnumerable<RecommendRequest> requests, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        return _lanes.RunManyAsync(requests, static (lane, request, token) => lane.Run(request, onPiece: null, token), cancellation);
    }

    /// <summary>Ranks the catalogue for one request and gives the thought's text as it comes.</summary>
    /// <param name="request">A request, with <see cref="RecommendRequest.Thinking"/> for there to be text.</param>
    /// <param name="cancellation">Ends the stream and, before its next forward, the request.</param>
    /// <returns>Pieces of the thought; then one event with the answer.</returns>
    /// <exception cref="SidReasonerException">The request cannot be answered: what was found and expected.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async IAsyncEnumerable<RecommendationStep> StreamAsync(RecommendRequest request, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        await foreach ((string? piece, Recommendation? answer) in _lanes.StreamAsync<string, Recommendation>((lane, onPiece, token) => lane.Run(request, onPiece, token), cancellation).ConfigureAwait(false))
        {
            yield return new RecommendationStep(piece ?? "", answer);
        }
    }

    /// <summary>Frees the caches and the model. No request may be running.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _lanes.Dispose();
        _engine.Dispose();
        _assets.Dispose();
    }

    /// <summary>The default engine.</summary>
    internal static OnnxModel LoadOnnxRuntime(Bundle bundle, RecommenderOptions options) =>
        OnnxModel.Load(bundle, new OnnxModelOptions
        {
            Threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount,
            Precision = options.Precision,
            ForcePrecision = options.ForcePrecision,
            PrefixCacheBytes = options.PrefixCacheBytes,
            Prepack = options.Prepack,
        });
}
