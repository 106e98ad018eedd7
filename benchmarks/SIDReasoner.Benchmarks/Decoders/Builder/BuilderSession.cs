using Microsoft.ML.OnnxRuntime;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Decoding;

namespace SIDReasoner.Benchmarks.Decoders.Builder;

/// <summary>One sequence of text over a graph as GenAI's builder writes it, driven as GenAI drives it: past and present share a buffer of full length.</summary>
public sealed class BuilderSession : IDecoderSession
{
    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly RunOptions _options = new();
    private readonly List<OrtValue> _cache = [];
    private readonly long[] _mask;
    private readonly Dictionary<int, OrtValue> _outputs = [];

    /// <summary>Loads a graph.</summary>
    /// <param name="folder">Holds model.onnx.</param>
    /// <param name="config">The model's settings.</param>
    /// <param name="capacity">Tokens that the cache holds; the graph's rotary tables reach as far.</param>
    /// <param name="threads">Threads of a run.</param>
    /// <param name="spin">Whether idle threads wait busily.</param>
    public BuilderSession(string folder, ModelConfig config, int capacity, int threads, bool spin = false)
    {
        using var settings = new SessionOptions { IntraOpNumThreads = threads, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        settings.AddSessionConfigEntry("session.intra_op.allow_spinning", spin ? "1" : "0");
        _session = new InferenceSession(Path.Combine(folder, BuilderGraph.FileName), settings);
        _binding = _session.CreateIoBinding();
        Capacity = capacity;
        VocabSize = config.VocabSize;
        _mask = [.. Enumerable.Repeat(1L, capacity)];
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            foreach (string part in new[] { "key", "value" })
            {
                OrtValue buffer = OrtValue.CreateAllocatedTensorValue(
                    OrtAllocator.DefaultInstance, Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, [1, config.KvHeadCount, capacity, config.HeadSize]);
                buffer.GetTensorMutableDataAsSpan<float>().Clear();
                _cache.Add(buffer);
                _binding.BindInput($"past_key_values.{layer}.{part}", buffer);
                _binding.BindOutput($"present.{layer}.{part}", buffer);
            }
        }
    }

    /// <inheritdoc/>
    public int Length { get; private set; }

    /// <inheritdoc/>
    public int Capacity { get; }

    /// <inheritdoc/>
    public int VocabSize { get; }

    /// <inheritdoc/>
    public int SidColumnCount => 0;

    /// <inheritdoc/>
    public LogitsView Logits { get; private set; } = LogitsView.Empty;

    /// <inheritdoc/>
    public LogitsView SidLogits => LogitsView.Empty;

    /// <inheritdoc/>
    public LogitsView LogSumExp => LogitsView.Empty;

    /// <inheritdoc/>
    public unsafe void AppendTokens(ReadOnlySpan<int> tokens, StepOutputs outputs)
    {
        if (Length + tokens.Length > Capacity)
        {
            throw new InvalidOperationException($"{Length} + {tokens.Length} tokens do not fit into {Capacity}.");
        }

        long[] ids = new long[tokens.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = tokens[i];
        }

        using OrtValue input = OrtValue.CreateTensorValueFromMemory(ids, [1, ids.Length]);
        using OrtValue mask = OrtValue.CreateTensorValueFromMemory<long>(OrtMemoryInfo.DefaultInstance, _mask.AsMemory(0, Length + ids.Length), [1, Length + ids.Length]);
        _binding.BindInput("input_ids", input);
        _binding.BindInput("attention_mask", mask);
        if (!_outputs.TryGetValue(ids.Length, out OrtValue? output))
        {
            output = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, [1, ids.Length, VocabSize]);
            _outputs.Add(ids.Length, output);
        }

        _binding.BindOutput("logits", output);
        _session.RunWithBinding(_options, _binding);
        Length += ids.Length;
        fixed (float* rows = output.GetTensorMutableDataAsSpan<float>())
        {
            // Memory of ONNX Runtime's allocator, which no collection moves.
            Logits = new LogitsView((nint)(rows + ((long)(ids.Length - 1) * VocabSize)), TensorElementType.Float32, DeviceKind.Cpu, 1, VocabSize);
        }
    }

    /// <inheritdoc/>
    public void AppendBeams(ReadOnlySpan<int> tokens, ReadOnlySpan<int> parents, StepOutputs outputs) =>
        throw new NotSupportedException("The builder's graph has no packed beams.");

    /// <inheritdoc/>
    public void Rewind(int length) => Length = length;

    /// <inheritdoc/>
    public void Dispose()
    {
        _binding.Dispose();
        foreach (OrtValue buffer in _cache.Concat(_outputs.Values))
        {
            buffer.Dispose();
        }

        _options.Dispose();
        _session.Dispose();
    }
}
