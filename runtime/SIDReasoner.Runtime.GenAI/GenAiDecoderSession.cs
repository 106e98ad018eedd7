using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntimeGenAI;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Runtime.GenAI;

/// <summary>One sequence inside one generator of ONNX Runtime GenAI: text by AppendTokens, a level of beams by one AppendTokens of W tokens, outputs by GetOutput, the way back by RewindTo.</summary>
/// <remarks>
/// The same graph, search and thinking as on ONNX Runtime. A session that starts a text takes a generator from the engine's pool, and
/// gives it back when it is rewound to nothing or disposed; tokens that the generator's cache holds already are not run again. A
/// cache that becomes too small is replaced by a larger one, into which the tokens so far are run again; the engine remembers how
/// much room requests needed, so this happens to the first ones alone.
/// One session serves one thread at a time; <see cref="GenAiEngine.CreateSession"/> makes as many as there are threads.
/// </remarks>
public sealed unsafe class GenAiDecoderSession : IDecoderSession
{
    private readonly GenAiEngine _engine;
    private readonly string? _adapter;
    private readonly ControlFields _fields = new();
    private readonly BeamHistory _beams = new();
    private GeneratorLane? _lane;
    private Tensor? _logits;
    private Tensor? _sidLogits;
    private Tensor? _logZ;
    private Tensor? _endLogits;
    private bool _isDisposed;

    internal GenAiDecoderSession(GenAiEngine engine, string? adapter)
    {
        _engine = engine;
        _adapter = adapter;
        var manifest = engine.Manifest;
        VocabSize = manifest.VocabSize;
        SidColumnCount = manifest.SidTokens?.Texts.Count ?? 0;
        Capacity = manifest.CacheRows;
        MaxTextLength = manifest.Context;
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
    public LogitsView Logits => View(_logits, VocabSize);

    /// <inheritdoc/>
    public LogitsView SidLogits => View(_sidLogits, SidColumnCount);

    /// <inheritdoc/>
    public LogitsView LogSumExp => View(_logZ, 1);

    /// <inheritdoc/>
    public LogitsView EndLogits => View(_endLogits, _engine.Manifest.ReferenceEnd?.Count ?? 0);

    /// <summary>Tokens that were run through the model since the session was made: what reuse saves and a larger cache costs shows here.</summary>
    public long ComputedTokenCount { get; private set; }

    /// <inheritdoc/>
    public void AppendTokens(ReadOnlySpan<int> tokens, StepOutputs outputs)
    {
        CheckCall(tokens, outputs);
        SessionRules.CheckText(Length, tokens.Length, _fields.SuffixRows, MaxTextLength);
        ForgetOutputs();
        EnsureLane(Length + tokens.Length, ControlFields.TextLength, tokens);

        // The last token always runs: its outputs are what the call is for.
        var shared = _engine.ReusesPrefixes ? Math.Min(_lane!.Text[Length..].CommonPrefixLength(tokens), tokens.Length - 1) : 0;
        RunText(tokens[shared..], Length + shared, outputs);
        if (Length == 0)
            ReusedTokens = shared;
        Length += tokens.Length;
        _engine.RememberTail(Length - _beams.PromptLength);
    }

    /// <inheritdoc/>
    public void AppendBeams(ReadOnlySpan<int> tokens, ReadOnlySpan<int> parents, StepOutputs outputs)
    {
        CheckCall(tokens, outputs);
        SessionRules.CheckParents(tokens.Length, parents, _fields.Depth, _fields.LastRows);
        SessionRules.CheckBeamRoom(Length, _fields.SuffixRows, tokens.Length, Capacity);
        var used = Length + _fields.SuffixRows;
        ForgetOutputs();
        EnsureLane(used + tokens.Length, _fields.LengthFor(tokens.Length), []);
        RunBeams(tokens, parents, outputs);
        _beams.Add(tokens, parents);
        _engine.RememberTail(used + tokens.Length - _beams.PromptLength);
    }

    /// <inheritdoc/>
    public void Rewind(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
        _fields.Reset();
        _beams.Clear();
        ForgetOutputs();
        if (length > 0)
            return;
        ReusedTokens = 0;
        ReturnLane();
    }

    /// <inheritdoc/>
    public NonFiniteRow? FindNonFinite()
    {
        if (_lane is null)
            return null;
        var manifest = _engine.Manifest;
        for (var layer = 0; layer < manifest.LayerCount; layer++)
        {
            var first = Math.Min(FirstBadRow($"present.{layer}.key"), FirstBadRow($"present.{layer}.value"));
            if (first < int.MaxValue)
                return new NonFiniteRow(layer, first);
        }

        return NonFiniteRow.None;
    }

    /// <summary>Gives the generator back to the engine. The engine stays.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        ForgetOutputs();
        ReturnLane();
    }

    private void RunText(ReadOnlySpan<int> tokens, int at, StepOutputs outputs)
    {
        while (!tokens.IsEmpty)
        {
            var piece = tokens[..Math.Min(OnnxDecoderSession.MaxPieceTokens, tokens.Length)];
            tokens = tokens[piece.Length..];
            var wanted = tokens.IsEmpty ? outputs : StepOutputs.None;
            ControlFields.WriteText(_lane!.Control, wanted);
            _lane.AppendText(piece, at);
            ComputedTokenCount += piece.Length;
            at += piece.Length;
            if (tokens.IsEmpty)
                FetchOutputs(wanted, rows: 1);
        }
    }

    private void RunBeams(ReadOnlySpan<int> tokens, ReadOnlySpan<int> parents, StepOutputs outputs)
    {
        _fields.WriteBeams(_lane!.Control, parents, outputs);
        _lane.AppendBeams(tokens, Length + _fields.SuffixRows, Length);
        _fields.Accept(_lane.Control, tokens.Length);
        ComputedTokenCount += tokens.Length;
        FetchOutputs(outputs, tokens.Length);
    }

    /// <summary>Holds a generator with the room asked for and the session's text and beams in its cache.</summary>
    private void EnsureLane(int rows, int controlLength, ReadOnlySpan<int> coming)
    {
        if (_lane is not null && _lane.Rows >= rows && _lane.Control.Length >= controlLength)
            return;
        var old = _lane;
        if (old is null)
        {
            _beams.PromptLength = rows;
            _lane = _engine.TakeLane(coming, _adapter, rows, controlLength);
            return;
        }

        // The old cache is dropped, not kept for others: it is too small for what requests need.
        var text = old.Text[..Length].ToArray();
        _lane = _engine.TakeLane(text, _adapter, Math.Max(rows, Math.Min(Capacity, 2 * old.Rows)), controlLength);
        old.Dispose();
        Replay(text);
    }

    /// <summary>Runs what the session holds into another generator, but for the text that is in its cache already.</summary>
    private void Replay(int[] text)
    {
        try
        {
            var shared = _engine.ReusesPrefixes ? _lane!.Text.CommonPrefixLength(text) : 0;
            RunText(text.AsSpan(shared), shared, StepOutputs.None);
            _fields.Reset();
            for (var level = 0; level < _beams.Levels; level++)
                RunBeams(_beams.Tokens(level), _beams.Parents(level), StepOutputs.None);
        }
        catch
        {
            // Half of it lies there now, so the session begins anew.
            Rewind(0);
            throw;
        }
    }

    /// <summary>The first row of a cache tensor that holds no finite number, else the largest integer.</summary>
    private int FirstBadRow(string name)
    {
        using var tensor = _lane!.Output(name);
        var headSize = _engine.Manifest.HeadSize;
        var values = tensor.GetData<float>();
        var plane = values.Length / _engine.Manifest.KvHeadCount;
        var used = Math.Min(plane, (Length + _fields.SuffixRows) * headSize);
        var first = int.MaxValue;
        for (var head = 0; head < _engine.Manifest.KvHeadCount; head++)
        {
            if (NonFiniteRow.First(values.Slice(head * plane, used), headSize) is >= 0 and var row)
                first = Math.Min(first, row);
        }

        return first;
    }

    private void ReturnLane()
    {
        if (_lane is null)
            return;
        _engine.ReturnLane(_lane);
        _lane = null;
    }

    private void FetchOutputs(StepOutputs outputs, int rows)
    {
        ForgetOutputs();
        _logits = (outputs & StepOutputs.Logits) != 0 ? Fetch("logits", 1, VocabSize) : null;
        _sidLogits = (outputs & StepOutputs.SidLogits) != 0 ? Fetch("sid_logits", rows, SidColumnCount) : null;
        _logZ = (outputs & StepOutputs.LogSumExp) != 0 ? Fetch("logz", rows, 1) : null;
        _endLogits = (outputs & StepOutputs.EndLogits) != 0 ? Fetch("end_logits", rows, _engine.Manifest.ReferenceEnd!.Count) : null;
    }

    /// <summary>Copies an output to the host and holds its size to what the control vector asked for: a run that read another one would show here.</summary>
    private Tensor Fetch(string name, int rows, int columns)
    {
        var tensor = _lane!.Output(name);
        if (tensor.Type() == ElementType.float32 && tensor.NumElements() == (long)rows * columns)
            return tensor;
        var found = $"GenAI gave '{name}' as {tensor.Type()} [{string.Join(", ", tensor.Shape())}]; expected float32, {rows} rows * {columns} columns.";
        tensor.Dispose();
        throw new InvalidOperationException($"{found} Export the checkpoint again with this version.");
    }

    private void ForgetOutputs()
    {
        _logits?.Dispose();
        _sidLogits?.Dispose();
        _logZ?.Dispose();
        _endLogits?.Dispose();
        _logits = _sidLogits = _logZ = _endLogits = null;
    }

    private void CheckCall(ReadOnlySpan<int> tokens, StepOutputs outputs)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        SessionRules.CheckCall(tokens, outputs, _engine.Manifest);
    }

    private static LogitsView View(Tensor? tensor, int columns)
    {
        if (tensor is null)
            return LogitsView.Empty;
        var values = tensor.GetData<float>();
        var address = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(values));
        return new LogitsView(address, TensorElementType.Float32, DeviceKind.Cpu, values.Length / columns, columns);
    }
}
