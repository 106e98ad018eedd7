using System.Runtime.CompilerServices;
using SIDReasoner.Core;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.Model;
using SIDReasoner.Runtime.Serving;

namespace SIDReasoner.Runtime;

/// <summary>Opens a bundle, with or without a catalogue, and generates text.</summary>
/// <remarks>As a <see cref="Recommender"/>, it serves parallel callers on any thread, each request on a KV cache of its own.</remarks>
public sealed class TextModel : IDisposable
{
    private readonly Bundle _bundle;
    private readonly TextAssets _assets;
    private readonly IDecoderEngine _engine;
    private readonly LanePool<TextWorker> _lanes;

    private TextModel(Bundle bundle, IDecoderEngine engine, int parallel)
    {
        _bundle = bundle;
        _engine = engine;
        _assets = TextAssets.Open(bundle);
        _lanes = new LanePool<TextWorker>(parallel, () => new TextWorker(_bundle, _assets, _engine));
    }

    /// <summary>The opened bundle.</summary>
    public Bundle Bundle => _bundle;

    /// <summary>Name of the engine that computes, such as "onnxruntime".</summary>
    public string Engine => _engine.Name;

    /// <summary>What the checkpoint's authors sample with, for callers who ask for sampling; null where they do not say.</summary>
    public GenerationConfig? GenerationConfig => _assets.Generation;

    /// <summary>Opens a bundle: every version and hash is compared first, then the model is loaded.</summary>
    /// <param name="options">The bundle's folder and the machine's share.</param>
    /// <param name="engine">Loads the opened bundle's decoder; null, the default, loads it into ONNX Runtime.</param>
    /// <returns>A model, which owns the engine; the caller disposes it.</returns>
    /// <exception cref="SidReasonerException">The bundle is missing, damaged or of another version; nothing stays open.</exception>
    public static TextModel Open(RecommenderOptions options, Func<Bundle, RecommenderOptions, IDecoderEngine>? engine = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var bundle = Bundle.Open(options.BundlePath);
        IDecoderEngine loaded = (engine ?? Recommender.LoadOnnxRuntime)(bundle, options);
        try
        {
            return new TextModel(bundle, loaded, options.MaxParallel > 0 ? options.MaxParallel : Environment.ProcessorCount);
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>Checks a request without computing anything.</summary>
    /// <param name="request">The request.</param>
    /// <exception cref="SidReasonerException">The request cannot be answered: what was found and expected.</exception>
    public void Validate(TextRequest request) => TextRules.Prepare(request, _bundle, _assets);

    /// <summary>Generates one text.</summary>
    /// <param name="request">The prompt and how to go on.</param>
    /// <param name="cancellation">Ends the wait for a turn, or the text at its next forward.</param>
    /// <returns>The text.</returns>
    /// <exception cref="SidReasonerException">The request cannot be answered: what was found and expected. The model goes on.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<GeneratedText> GenerateAsync(TextRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _lanes.RunAsync((lane, token) => lane.Run(request, onPiece: null, token), cancellation);
    }

    /// <summary>Generates many texts, several at once, and gives them in the requests' order.</summary>
    /// <param name="requests">The requests, read only a little ahead of the answers.</param>
    /// <param name="cancellation">Ends the enumeration.</param>
    /// <returns>One answer a request.</returns>
    /// <exception cref="SidReasonerException">A request cannot be answered; the answers before it have been given.</exception>
    public IAsyncEnumerable<GeneratedText> GenerateManyAsync(IEnumerable<TextRequest> requests, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        return _lanes.RunManyAsync(requests, static (lane, request, token) => lane.Run(request, onPiece: null, token), cancellation);
    }

    /// <summary>Generates one text and gives it piece by piece.</summary>
    /// <param name="request">The prompt and how to go on; the bundle needs a tokenizer.</param>
    /// <param name="cancellation">Ends the stream and, before its next forward, the text.</param>
    /// <returns>Pieces of the thought, where one was asked for, and of the text; then one event with the whole answer.</returns>
    /// <exception cref="SidReasonerException">The request cannot be answered: what was found and expected.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async IAsyncEnumerable<TextStep> StreamAsync(TextRequest request, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        await foreach ((TextPiece piece, GeneratedText? answer) in _lanes.StreamAsync<TextPiece, GeneratedText>((lane, onPiece, token) => lane.Run(request, onPiece, token), cancellation).ConfigureAwait(false))
        {
            yield return new TextStep(piece.Text ?? "", piece.IsThought, answer);
        }
    }

    /// <summary>Frees the caches and the model. No request may be running.</summary>
    public void Dispose()
    {
        _lanes.Dispose();
        _engine.Dispose();
    }
}
