using System.Text;
using System.Text.Json;
using Microsoft.ML.OnnxRuntimeGenAI;
using SIDReasoner.Core;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Runtime.GenAI;

/// <summary>A bundle's decoder in ONNX Runtime GenAI: weights once, any number of sessions over them, each inside a generator of its own.</summary>
/// <remarks>
/// Any number of threads may make and run sessions at once. Dispose sessions first. Opens the same model.onnx and genai_config.json
/// that any other GenAI program opens.
/// </remarks>
public sealed class GenAiEngine : IDecoderEngine
{
    /// <summary>The engine's name in options and answers.</summary>
    public const string EngineName = "genai";

    private const int RowStep = 128;
    private const int FirstTail = 64;
    private const int MostIdle = 1024;

    private readonly Microsoft.ML.OnnxRuntimeGenAI.Model _model;
    private readonly Adapters _adapters;
    private readonly HashSet<string> _loadedAdapters = [];
    private readonly string _folder;
    private readonly GeneratorPool _pool;
    private int _tail = FirstTail;
    private bool _isDisposed;

    private GenAiEngine(Microsoft.ML.OnnxRuntimeGenAI.Model model, string folder, BundleManifest manifest, string precision, GenAiEngineOptions options)
    {
        _model = model;
        _adapters = new Adapters(model);
        _folder = folder;
        Manifest = manifest;
        Precision = precision;
        ReusesPrefixes = options.ReusePrefixes;
        _pool = new GeneratorPool(options.MaxIdleGenerators > 0 ? options.MaxIdleGenerators : Environment.ProcessorCount);
    }

    /// <inheritdoc/>
    public string Name => EngineName;

    /// <inheritdoc/>
    public string Precision { get; }

    /// <summary>What the bundle says about itself.</summary>
    public BundleManifest Manifest { get; }

    internal bool ReusesPrefixes { get; }

    internal int IdleGeneratorCount => _pool.IdleCount;

    /// <summary>Loads a bundle into GenAI on the CPU.</summary>
    /// <param name="bundle">Opened, so that its hashes hold.</param>
    /// <param name="options">Threads, precision and generators kept; null for the defaults.</param>
    /// <exception cref="SidReasonerException">GenAI's library cannot be loaded (each path tried is named), the bundle has no such precision, this processor does not suit it, or GenAI cannot open it.</exception>
    public static GenAiEngine Load(Bundle bundle, GenAiEngineOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        options ??= new GenAiEngineOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.Threads);
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxIdleGenerators);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxIdleGenerators, MostIdle);
        var manifest = bundle.Manifest;
        var precision = PrecisionRules.Choose(manifest, bundle.Path, options.Precision, options.ForcePrecision, Int8Support.IsPresent);
        GenAiTelemetry.Disable();
        GenAiLibrary.RequireLoadable();
        try
        {
            using var config = new Config(bundle.Path);
            config.Overlay(Overlay(precision.Model, options));
            return new GenAiEngine(new Microsoft.ML.OnnxRuntimeGenAI.Model(config), bundle.Path, manifest, precision.Name, options);
        }
        catch (OnnxRuntimeGenAIException error)
        {
            throw new SidReasonerException($"ONNX Runtime GenAI cannot open bundle '{bundle.Path}' with '{precision.Model}': {error.Message}", error);
        }
    }

    /// <summary>Makes a session, which takes a generator when its text begins.</summary>
    /// <param name="adapter">An adapter of the bundle, which every run then applies; null, the default, for the model as it is.</param>
    /// <exception cref="SidReasonerException">The bundle has no such adapter.</exception>
    public GenAiDecoderSession CreateSession(string? adapter = null)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Manifest.FindAdapter(adapter) is { } found)
            Load(found);
        return new GenAiDecoderSession(this, adapter);
    }

    /// <inheritdoc/>
    IDecoderSession IDecoderEngine.CreateSession() => CreateSession();

    /// <inheritdoc/>
    IDecoderSession IDecoderEngine.CreateSession(string? adapter) => CreateSession(adapter);

    /// <summary>Frees idle generators and the weights. No session of this engine may run or be used afterwards.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _pool.Dispose();
        _adapters.Dispose();
        _model.Dispose();
        NativeHeap.Trim();
    }

    /// <summary>A generator with at least so much room whose cache shares as much as possible with the tokens to come.</summary>
    internal GeneratorLane TakeLane(ReadOnlySpan<int> tokens, string? adapter, int rows, int controlLength)
    {
        var needed = Math.Max(rows, Math.Min(rows + Volatile.Read(ref _tail), Manifest.CacheRows));
        if (_pool.TryTake(tokens, adapter, needed, controlLength) is { } idle)
            return idle;
        var size = Math.Max(needed, Math.Min((needed + RowStep - 1) / RowStep * RowStep, Manifest.CacheRows));
        return new GeneratorLane(_model, size, Math.Max(controlLength, size * Math.Max(Manifest.Levels, 1)), _adapters, adapter);
    }

    internal void ReturnLane(GeneratorLane lane) => _pool.Return(lane);

    private void Load(BundleAdapter adapter)
    {
        lock (_loadedAdapters)
        {
            if (_loadedAdapters.Add(adapter.Name))
                _adapters.LoadAdapter(Path.Combine(_folder, adapter.File), adapter.Name);
        }
    }

    /// <summary>Notes how many rows a request needed behind its prompt, so that later generators are made large enough at once.</summary>
    internal void RememberTail(int rows)
    {
        for (var known = Volatile.Read(ref _tail); rows > known; known = Volatile.Read(ref _tail))
        {
            if (Interlocked.CompareExchange(ref _tail, rows, known) == known)
                return;
        }
    }

    /// <summary>The precision's file, and how this process runs it: what a caller chooses does not belong into the bundle's own settings.</summary>
    private static string Overlay(string model, GenAiEngineOptions options)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartObject("model");
            json.WriteStartObject("decoder");
            json.WriteString("filename", model);
            json.WriteStartObject("session_options");
            if (options.Threads > 0)
                json.WriteNumber("intra_op_num_threads", options.Threads);
            json.WriteNumber("inter_op_num_threads", 1);
            json.WriteNumber("log_severity_level", 3);
            json.WriteString("session.intra_op.allow_spinning", options.Spin ? "1" : "0");
            json.WriteString(Int8Support.ExactSumsSetting, Int8Support.ExactSums);
            if (!options.Prepack)
                json.WriteString("session.disable_prepacking", "1");
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
