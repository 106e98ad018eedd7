using SIDReasoner.Decoding;

namespace SIDReasoner.Runtime.Model;

/// <summary>One sequence on ONNX Runtime: the KV cache in place, beams packed behind the text, the heads only where they are read.</summary>
/// <remarks>
/// From the second request of the same lengths on nothing is allocated on the managed heap, in no call. Tensors are made once a shape
/// and kept. One session serves one thread at a time; <see cref="OnnxModel.CreateSession"/> makes as many as there are threads.
/// </remarks>
public sealed unsafe class OnnxDecoderSession : IDecoderSession
{
    /// <summary>Most tokens of one run of text; a longer prompt is cut, and no head runs until its last piece.</summary>
    public const int MaxPieceTokens = 512;

    /// <summary>Most rows of one run of a level where no log-sum-exp is asked for.</summary>
    public const int MaxPieceRows = 512;

    private const int LeastPieceRows = 64;
    private const int MaxPieceLogits = 16 << 20;
    private const int FixedInputs = 3;
    private const int HeadOutputs = 4;

    private readonly OnnxModel _model;
    private readonly KvCache _cache;
    private readonly ControlVector _control = new();
    private readonly RowTensors _ids = new(OrtNative.ElementType.Int64, 0, hasBatch: true);
    private readonly RowTensors _logits;
    private readonly RowTensors _sidLogits;
    private readonly RowTensors _logZ = new(OrtNative.ElementType.Float, 0, hasBatch: false);
    private readonly RowTensors _endLogits;
    private readonly NativeBuffer _inputs;
    private readonly NativeBuffer _outputs;
    private readonly NativeBuffer _outputNames;
    private readonly nint _runOptions;
    private readonly string? _adapter;
    private int[] _promptTokens = [];
    private int _promptRows; // the cache's first rows are still those of the last prompt's tokens
    private bool _isDisposed;

    internal OnnxDecoderSession(OnnxModel model, OnnxAdapter? adapter)
    {
        _model = model;
        _runOptions = adapter?.RunOptions ?? 0;
        _adapter = adapter?.Name;
        var manifest = model.Manifest;
        VocabSize = manifest.VocabSize;
        SidColumnCount = manifest.SidTokens?.Texts.Count ?? 0;
        Capacity = manifest.CacheRows;
        MaxTextLength = manifest.Context;
        _cache = new KvCache(manifest.LayerCount, manifest.KvHeadCount, manifest.HeadSize, manifest.CacheRows);
        _logits = new RowTensors(OrtNative.ElementType.Float, VocabSize, hasBatch: true);
        _sidLogits = new RowTensors(OrtNative.ElementType.Float, SidColumnCount, hasBatch: true);
        _endLogits = new RowTensors(OrtNative.ElementType.Float, manifest.ReferenceEnd?.Count ?? 0, hasBatch: true);
        var cached = _cache.Tensors.Length;
        _inputs = new NativeBuffer((FixedInputs + cached) * (long)sizeof(nint));
        _outputs = new NativeBuffer((cached + HeadOutputs) * (long)sizeof(nint));
        _outputNames = new NativeBuffer((cached + HeadOutputs) * (long)sizeof(nint));
        for (var i = 0; i < cached; i++)
            ((byte**)_outputNames.Pointer)[i] = model.PresentNames[i];
    }

    /// <inheritdoc/>
    public int Length { get; private set; }

    /// <inheritdoc/>
    public int ReusedTokens { get; private set; }

    /// <inheritdoc/>
    public int Capacity { get; }

    /// <summary>The most text tokens: the bundle's context (C).</summary>
    public int MaxTextLength { get; }

    /// <inheritdoc/>
    public int VocabSize { get; }

    /// <inheritdoc/>
    public int SidColumnCount { get; }

    /// <inheritdoc/>
    public LogitsView Logits { get; private set; }

    /// <inheritdoc/>
    public LogitsView SidLogits { get; private set; }

    /// <inheritdoc/>
    public LogitsView LogSumExp { get; private set; }

    /// <inheritdoc/>
    public LogitsView EndLogits { get; private set; }

    /// <inheritdoc/>
    public void AppendTokens(ReadOnlySpan<int> tokens, StepOutputs outputs)
    {
        CheckCall(tokens, outputs);
        SessionRules.CheckText(Length, tokens.Length, _control.SuffixRows, MaxTextLength);
        var inPlace = Length > 0 || Length + tokens.Length > _cache.Rows ? 0 : _promptTokens.AsSpan(0, _promptRows).CommonPrefixLength(tokens);
        EnsureCache(Length + tokens.Length, Length);
        _promptRows = Math.Min(_promptRows, Length);
        if (Length > 0 || _model.Prefixes is not { } prefixes)
        {
            RunText(tokens, outputs);
            return;
        }

        // The last token always runs: its outputs are what the call is for.
        ReusedTokens = Length = prefixes.Load(_adapter, tokens, tokens.Length - 1, _cache, inPlace);
        try
        {
            RunText(tokens[Length..], outputs);
        }
        catch
        {
            Rewind(0);
            throw;
        }

        prefixes.Store(_adapter, tokens, _cache);
        if (_promptTokens.Length < tokens.Length)
            _promptTokens = new int[Math.Max(tokens.Length, 2 * _promptTokens.Length)];
        tokens.CopyTo(_promptTokens);
        _promptRows = tokens.Length;
    }

    /// <inheritdoc/>
    public void AppendBeams(ReadOnlySpan<int> tokens, ReadOnlySpan<int> parents, StepOutputs outputs)
    {
        CheckCall(tokens, outputs);
        SessionRules.CheckParents(tokens.Length, parents, _control.Depth, _control.LastRows);
        SessionRules.CheckBeamRoom(Length, _control.SuffixRows, tokens.Length, Capacity);
        var used = Length + _control.SuffixRows;
        EnsureCache(used + tokens.Length, used);
        _promptRows = Math.Min(_promptRows, Length);
        EnsureOutputs(outputs, tokens.Length);
        var pieceRows = PieceRows(outputs);
        for (var first = 0; first < tokens.Length; first += pieceRows)
        {
            var rows = Math.Min(pieceRows, tokens.Length - first);
            var control = _control.Beams(first, parents.Slice(first, rows), outputs);
            Run(tokens.Slice(first, rows), control, used + first + rows, outputs, first, rows);
            _control.Keep(first, rows);
        }

        _control.Accept(tokens.Length);
    }

    /// <inheritdoc/>
    public void Rewind(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
        if (length == 0)
            ReusedTokens = 0;
        _control.Reset();
        ForgetOutputs();
    }

    /// <inheritdoc/>
    public NonFiniteRow? FindNonFinite() => _cache.FindNonFinite(Length + _control.SuffixRows);

    /// <summary>Frees the cache. The model stays.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        ForgetOutputs();
        _cache.Dispose();
        _control.Dispose();
        foreach (var tensors in (ReadOnlySpan<RowTensors>)[_ids, _logits, _sidLogits, _logZ, _endLogits])
            tensors.Dispose();
        foreach (var buffer in (ReadOnlySpan<NativeBuffer>)[_inputs, _outputs, _outputNames])
            buffer.Dispose();
    }

    private void RunText(ReadOnlySpan<int> tokens, StepOutputs outputs)
    {
        while (!tokens.IsEmpty)
        {
            var piece = tokens[..Math.Min(MaxPieceTokens, tokens.Length)];
            tokens = tokens[piece.Length..];
            var wanted = tokens.IsEmpty ? outputs : StepOutputs.None;
            EnsureOutputs(wanted, rows: 1);
            Run(piece, _control.Text(wanted), Length + piece.Length, wanted, first: 0, rows: 1);
            Length += piece.Length;
        }
    }

    /// <summary>Rows of one run: the whole vocabulary for every row of a wide level would take gigabytes.</summary>
    private int PieceRows(StepOutputs outputs) =>
        (outputs & StepOutputs.LogSumExp) == 0 ? MaxPieceRows : Math.Clamp(MaxPieceLogits / VocabSize, LeastPieceRows, MaxPieceRows);

    private void EnsureOutputs(StepOutputs outputs, int rows)
    {
        ForgetOutputs();
        if ((outputs & StepOutputs.Logits) != 0)
            _logits.EnsureRows(1);
        if ((outputs & StepOutputs.SidLogits) != 0)
            _sidLogits.EnsureRows(rows);
        if ((outputs & StepOutputs.LogSumExp) != 0)
            _logZ.EnsureRows(rows);
        if ((outputs & StepOutputs.EndLogits) != 0)
            _endLogits.EnsureRows(rows);
    }

    /// <summary>Runs tokens; outputs are rows <paramref name="first"/> on of the call, and the views show all up to there.</summary>
    private void Run(ReadOnlySpan<int> tokens, nint control, int total, StepOutputs outputs, int first, int rows)
    {
        _ids.EnsureRows(tokens.Length);
        var ids = _ids.Range(0, tokens.Length);
        var target = (long*)_ids.Pointer;
        for (var i = 0; i < tokens.Length; i++)
            target[i] = tokens[i];
        var inputs = (nint*)_inputs.Pointer;
        (inputs[0], inputs[1], inputs[2]) = (ids, _model.Masks[total], control);

        var cached = _cache.Tensors.Length;
        var count = cached;
        if ((outputs & StepOutputs.Logits) != 0)
            AddOutput(count++, _model.LogitsOutput, _logits.Range(0, 1));
        if ((outputs & StepOutputs.SidLogits) != 0)
            AddOutput(count++, _model.SidLogitsOutput, _sidLogits.Range(first, rows));
        if ((outputs & StepOutputs.LogSumExp) != 0)
            AddOutput(count++, _model.LogZOutput, _logZ.Range(first, rows));
        if ((outputs & StepOutputs.EndLogits) != 0)
            AddOutput(count++, _model.EndLogitsOutput, _endLogits.Range(first, rows));
        OrtNative.Run(_model.Handle, _runOptions, _model.InputNames, inputs, FixedInputs + cached, (byte**)_outputNames.Pointer, count, (nint*)_outputs.Pointer);

        if ((outputs & StepOutputs.Logits) != 0)
            Logits = View(_logits, 1, VocabSize);
        if ((outputs & StepOutputs.SidLogits) != 0)
            SidLogits = View(_sidLogits, first + rows, SidColumnCount);
        if ((outputs & StepOutputs.LogSumExp) != 0)
            LogSumExp = View(_logZ, first + rows, 1);
        if ((outputs & StepOutputs.EndLogits) != 0)
            EndLogits = View(_endLogits, first + rows, _model.Manifest.ReferenceEnd!.Count);
    }

    private void AddOutput(int index, nint name, nint tensor)
    {
        ((nint*)_outputNames.Pointer)[index] = name;
        ((nint*)_outputs.Pointer)[index] = tensor;
    }

    private void EnsureCache(int rows, int used)
    {
        if (!_cache.EnsureRows(rows, used))
            return;
        var tensors = _cache.Tensors;
        for (var i = 0; i < tensors.Length; i++)
            ((nint*)_inputs.Pointer)[FixedInputs + i] = ((nint*)_outputs.Pointer)[i] = tensors[i];
    }

    private void CheckCall(ReadOnlySpan<int> tokens, StepOutputs outputs)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        SessionRules.CheckCall(tokens, outputs, _model.Manifest);
    }

    private void ForgetOutputs() => Logits = SidLogits = LogSumExp = EndLogits = LogitsView.Empty;

    private static LogitsView View(RowTensors tensors, int rows, int columns) =>
        new((nint)tensors.Pointer, TensorElementType.Float32, DeviceKind.Cpu, rows, columns);
}
