using System.Text;
using Microsoft.ML.OnnxRuntime;
using SIDReasoner.Core;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Bundles;

namespace SIDReasoner.Runtime.Model;

/// <summary>A bundle's decoder in memory: weights once, any number of sessions over them.</summary>
/// <remarks>Any number of threads may make and run sessions at once. Dispose sessions first.</remarks>
public sealed unsafe class OnnxModel : IDecoderEngine
{
    /// <summary>The engine's name in options and answers.</summary>
    public const string EngineName = "onnxruntime";

    private const string LogitsName = "logits";
    private const string SidLogitsName = "sid_logits";
    private const string LogZName = "logz";
    private const string EndLogitsName = "end_logits";

    private readonly InferenceSession _session;
    private readonly string _folder;
    private readonly Dictionary<string, OnnxAdapter> _adapters = [];
    private readonly List<NativeBuffer> _names = [];
    private bool _isDisposed;

    private OnnxModel(InferenceSession session, string folder, BundleManifest manifest, BundlePrecision precision, long prefixBytes)
    {
        _session = session;
        _folder = folder;
        Manifest = manifest;
        Precision = precision.Name;
        Handle = OrtNative.HandleOf(session);
        Masks = new MaskView(manifest.CacheRows);
        Prefixes = prefixBytes > 0 ? new PrefixCache(prefixBytes, 2 * manifest.LayerCount, manifest.KvHeadCount, manifest.HeadSize) : null;
        var layers = Enumerable.Range(0, manifest.LayerCount).ToArray();
        string[] past = [.. layers.SelectMany(n => new[] { $"past_key_values.{n}.key", $"past_key_values.{n}.value" })];
        string[] present = [.. layers.SelectMany(n => new[] { $"present.{n}.key", $"present.{n}.value" })];
        InputNames = Names(["input_ids", "attention_mask", "num_logits_to_keep", .. past]);
        PresentNames = Names(present);
        (LogitsOutput, SidLogitsOutput) = ((nint)Names([LogitsName])[0], (nint)Names([SidLogitsName])[0]);
        (LogZOutput, EndLogitsOutput) = ((nint)Names([LogZName])[0], (nint)Names([EndLogitsName])[0]);
    }

    /// <summary>What the bundle says about itself.</summary>
    public BundleManifest Manifest { get; }

    /// <summary><c>onnxruntime</c>.</summary>
    public string Name => EngineName;

    /// <summary>Form of the weights that runs: <c>fp32</c>.</summary>
    public string Precision { get; }

    internal nint Handle { get; }

    internal MaskView Masks { get; }

    /// <summary>Keys and values of earlier prompts, for all sessions; null where none are kept.</summary>
    internal PrefixCache? Prefixes { get; }

    internal byte** InputNames { get; }

    internal byte** PresentNames { get; }

    internal nint LogitsOutput { get; }

    internal nint SidLogitsOutput { get; }

    internal nint LogZOutput { get; }

    internal nint EndLogitsOutput { get; }

    /// <summary>Loads the graph of a bundle on the CPU.</summary>
    /// <param name="bundle">Opened, so that its hashes hold.</param>
    /// <param name="options">Threads, precision and memory; null for the defaults.</param>
    /// <exception cref="SidReasonerException">The bundle has no such precision, this processor does not suit it, or ONNX Runtime cannot load the graph.</exception>
    public static OnnxModel Load(Bundle bundle, OnnxModelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        options ??= new OnnxModelOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.Threads);
        ArgumentOutOfRangeException.ThrowIfNegative(options.PrefixCacheBytes);
        var manifest = bundle.Manifest;
        var precision = PrecisionRules.Choose(manifest, bundle.Path, options.Precision, options.ForcePrecision, Int8Support.IsPresent);
        OnnxTelemetry.Disable();
        InferenceSession? session = null;
        try
        {
            using var settings = Settings(options);
            session = new InferenceSession(bundle.FilePath(precision.Model), settings);
            CheckGraph(session, manifest, precision);
            return new OnnxModel(session, bundle.Path, manifest, precision, options.PrefixCacheBytes);
        }
        catch (OnnxRuntimeException error)
        {
            session?.Dispose();
            throw new SidReasonerException($"ONNX Runtime cannot load '{bundle.FilePath(precision.Model)}': {error.Message}", error);
        }
        catch
        {
            session?.Dispose();
            throw;
        }
    }

    /// <summary>Makes a session with a cache of its own, which starts empty and grows with use.</summary>
    /// <param name="adapter">An adapter of the bundle, which every run then applies; null, the default, for the model as it is.</param>
    /// <exception cref="SidReasonerException">The bundle has no such adapter.</exception>
    public OnnxDecoderSession CreateSession(string? adapter = null)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return new OnnxDecoderSession(this, Adapter(adapter));
    }

    IDecoderSession IDecoderEngine.CreateSession() => CreateSession();

    IDecoderSession IDecoderEngine.CreateSession(string? adapter) => CreateSession(adapter);

    /// <summary>Frees the weights and gives their memory back to the system. No session of this model may run or be used afterwards.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _session.Dispose();
        foreach (var adapter in _adapters.Values)
            adapter.Dispose();
        Prefixes?.Dispose();
        Masks.Dispose();
        foreach (var name in _names)
            name.Dispose();
        NativeHeap.Trim();
    }

    /// <summary>An adapter of the bundle, mapped at its first use.</summary>
    private OnnxAdapter? Adapter(string? name)
    {
        if (Manifest.FindAdapter(name) is not { } found)
            return null;
        lock (_adapters)
        {
            if (!_adapters.TryGetValue(found.Name, out var adapter))
                _adapters.Add(found.Name, adapter = new OnnxAdapter(found.Name, Path.Combine(_folder, found.File)));
            return adapter;
        }
    }

    private static SessionOptions Settings(OnnxModelOptions options)
    {
        var settings = new SessionOptions
        {
            IntraOpNumThreads = options.Threads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        settings.AddSessionConfigEntry("session.intra_op.allow_spinning", options.Spin ? "1" : "0");
        settings.AddSessionConfigEntry(Int8Support.ExactSumsSetting, Int8Support.ExactSums);
        if (!options.Prepack)
            settings.AddSessionConfigEntry("session.disable_prepacking", "1");
        return settings;
    }

    private static void CheckGraph(InferenceSession session, BundleManifest manifest, BundlePrecision precision)
    {
        session.ModelMetadata.CustomMetadataMap.TryGetValue("sidreasoner.model_digest", out var digest);
        if (digest != manifest.ModelDigest)
        {
            throw new SidReasonerException(
                $"'{precision.Model}' was written for model {digest ?? "(none)"}; {BundleManifest.FileName} names model {manifest.ModelDigest}. Export the checkpoint again.");
        }
    }

    /// <summary>UTF-8 names with a final zero, and an array of pointers to them, for as long as the model lives.</summary>
    private byte** Names(IReadOnlyList<string> names)
    {
        var table = new NativeBuffer(names.Count * (long)sizeof(byte*));
        _names.Add(table);
        for (var i = 0; i < names.Count; i++)
        {
            var text = new NativeBuffer(Encoding.UTF8.GetByteCount(names[i]) + 1);
            _names.Add(text);
            text.Pointer[Encoding.UTF8.GetBytes(names[i], new Span<byte>(text.Pointer, (int)text.Bytes))] = 0;
            ((byte**)table.Pointer)[i] = text.Pointer;
        }

        return (byte**)table.Pointer;
    }
}
