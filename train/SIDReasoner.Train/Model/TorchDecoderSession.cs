using SIDReasoner.Decoding;
using SIDReasoner.Train.Native;
using static TorchSharp.torch;

namespace SIDReasoner.Train.Model;

/// <summary>A TorchSharp model under Decoding's search: evaluation while training, and GRPO's beam rewards.</summary>
/// <remarks>
/// Reads the model's weights at every call, so it may be kept while the model trains (not in the same moment). One session serves one
/// thread. All buffers of the cache are allocated at the start: 2 * layers * (capacity + beam rows) * KV heads * head size floats.
/// </remarks>
public sealed class TorchDecoderSession : IDecoderSession
{
    private readonly DecoderModel _model;
    private readonly KvCache _cache;
    private readonly Tensor? _sidRows;
    private readonly int _firstSid;
    private readonly Tensor? _endRows;
    private readonly List<int[]> _ancestors = []; // of the last call's beams: their cache rows, oldest first
    private Tensor? _logits;
    private Tensor? _sidLogits;
    private Tensor? _logSumExp;
    private Tensor? _endLogits;
    private int _level;

    /// <summary>Opens a session at length 0.</summary>
    /// <param name="model">Outlives the session, which does not own it.</param>
    /// <param name="sidTokenIds">The SID columns: token ids, ascending; empty where the model has none.</param>
    /// <param name="capacity">Text tokens that must fit, at least 1.</param>
    /// <param name="maxBeamRows">Beam rows of all levels together that must fit beside them.</param>
    /// <param name="endTokenIds">Ids of newline and end of turn, for score mode Reference; null where nobody asks for it.</param>
    /// <exception cref="ArgumentException">A size is out of range, or the ids are not ascending ids of the vocabulary.</exception>
    public TorchDecoderSession(DecoderModel model, IReadOnlyList<int> sidTokenIds, int capacity, int maxBeamRows, IReadOnlyList<int>? endTokenIds = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(maxBeamRows);
        for (int i = 0; i < sidTokenIds.Count; i++)
        {
            if (sidTokenIds[i] < 0 || sidTokenIds[i] >= model.Config.VocabSize || (i > 0 && sidTokenIds[i] <= sidTokenIds[i - 1]))
            {
                throw new ArgumentException($"SID column {i} is token {sidTokenIds[i]}; expected ascending ids from 0 to {model.Config.VocabSize - 1}.", nameof(sidTokenIds));
            }
        }

        if (endTokenIds is not null && (endTokenIds.Count != 2 || endTokenIds.Any(id => id < 0 || id >= model.Config.VocabSize)))
        {
            throw new ArgumentException($"The end tokens are {string.Join(", ", endTokenIds)}; expected two ids from 0 to {model.Config.VocabSize - 1}: newline, end of turn.", nameof(endTokenIds));
        }

        _model = model;
        _endRows = endTokenIds is null ? null : tensor(endTokenIds.Select(id => (long)id).ToArray()).DetachFromDisposeScope();
        SidColumnCount = sidTokenIds.Count;
        Capacity = checked(capacity + maxBeamRows);
        _cache = new KvCache(model.Config, batch: 1, Capacity);
        if (SidColumnCount > 0 && sidTokenIds[^1] - sidTokenIds[0] == SidColumnCount - 1)
        {
            _firstSid = sidTokenIds[0];
        }
        else if (SidColumnCount > 0)
        {
            _sidRows = tensor(sidTokenIds.Select(id => (long)id).ToArray()).DetachFromDisposeScope();
        }
    }

    /// <inheritdoc/>
    public int Length { get; private set; }

    /// <inheritdoc/>
    public int Capacity { get; }

    /// <inheritdoc/>
    public int VocabSize => _model.Config.VocabSize;

    /// <inheritdoc/>
    public int SidColumnCount { get; }

    /// <inheritdoc/>
    public LogitsView Logits => View(_logits);

    /// <inheritdoc/>
    public LogitsView SidLogits => View(_sidLogits);

    /// <inheritdoc/>
    public LogitsView LogSumExp => View(_logSumExp);

    /// <inheritdoc/>
    public LogitsView EndLogits => View(_endLogits);

    /// <inheritdoc/>
    public void AppendTokens(ReadOnlySpan<int> tokens, StepOutputs outputs)
    {
        if (tokens.IsEmpty)
        {
            throw new ArgumentException("No token to append; expected at least one.", nameof(tokens));
        }

        CheckTokens(tokens);
        if (_level > 0)
        {
            throw new InvalidOperationException($"The cache holds {_level} levels of beam rows; call Rewind before appending text.");
        }

        CheckSpace(tokens.Length);
        using var scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        Tensor? mask = Length > 0 && tokens.Length > 1 ? CausalMask(tokens.Length) : null;
        Tensor hidden = _model.ForwardCached(Ids(tokens), _cache, Length, samePosition: false, mask);
        Length += tokens.Length;
        _cache.Length = Length;
        Output(hidden.narrow(1, tokens.Length - 1, 1).squeeze(0), outputs);
    }

    /// <inheritdoc/>
    public void AppendBeams(ReadOnlySpan<int> tokens, ReadOnlySpan<int> parents, StepOutputs outputs)
    {
        if (tokens.IsEmpty || tokens.Length != parents.Length)
        {
            throw new ArgumentException($"Got {tokens.Length} tokens and {parents.Length} parents; expected one of each a beam, at least one beam.", nameof(parents));
        }

        CheckTokens(tokens);
        foreach (int parent in parents)
        {
            if (_level == 0 ? parent != -1 : parent < 0 || parent >= _ancestors.Count)
            {
                throw new ArgumentException(_level == 0 ? $"A parent is {parent}; expected -1 on the first level." : $"A parent is {parent}; expected a row of the previous call, 0 to {_ancestors.Count - 1}.", nameof(parents));
            }
        }

        CheckSpace(tokens.Length);
        int[][] ancestors = new int[tokens.Length][];
        for (int row = 0; row < tokens.Length; row++)
        {
            int[] older = _level == 0 ? [] : _ancestors[parents[row]];
            ancestors[row] = [.. older, _cache.Length + row];
        }

        using var scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        Tensor hidden = _model.ForwardCached(Ids(tokens), _cache, Length + _level, samePosition: true, BeamMask(ancestors));
        _cache.Length += tokens.Length;
        _level++;
        _ancestors.Clear();
        _ancestors.AddRange(ancestors);
        Output(hidden.squeeze(0), outputs);
    }

    /// <inheritdoc/>
    public void Rewind(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
        _cache.Length = length;
        _level = 0;
        _ancestors.Clear();
    }

    /// <inheritdoc/>
    public NonFiniteRow? FindNonFinite() => _cache.FindNonFinite();

    /// <inheritdoc/>
    public void Dispose()
    {
        Clear();
        _cache.Dispose();
        _sidRows?.Dispose();
        _endRows?.Dispose();
    }

    private static LogitsView View(Tensor? logits) => logits is null
        ? LogitsView.Empty
        : new LogitsView(TorchDispatcher.DataPointer(logits), TensorElementType.Float32, DeviceKind.Cpu, (int)logits.shape[0], (int)logits.shape[1]);

    private static Tensor Ids(ReadOnlySpan<int> tokens)
    {
        var ids = new long[tokens.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            ids[i] = tokens[i];
        }

        return tensor(ids).unsqueeze(0);
    }

    // hidden: [rows, hidden]
    private void Output(Tensor hidden, StepOutputs outputs)
    {
        Clear();
        if (outputs.HasFlag(StepOutputs.EndLogits) && _endRows is not null)
        {
            _endLogits = nn.functional.linear(hidden, _model.HeadWeight.index_select(0, _endRows)).DetachFromDisposeScope();
        }

        bool wantsSids = outputs.HasFlag(StepOutputs.SidLogits) && SidColumnCount > 0;
        if (outputs.HasFlag(StepOutputs.Logits) || outputs.HasFlag(StepOutputs.LogSumExp))
        {
            Tensor all = _model.Logits(hidden);
            if (outputs.HasFlag(StepOutputs.Logits))
            {
                _logits = all.narrow(0, all.shape[0] - 1, 1).contiguous().DetachFromDisposeScope();
            }

            if (outputs.HasFlag(StepOutputs.LogSumExp))
            {
                _logSumExp = all.logsumexp(-1, keepdim: true).DetachFromDisposeScope();
            }

            if (wantsSids)
            {
                _sidLogits = (_sidRows is null ? all.narrow(1, _firstSid, SidColumnCount).contiguous() : all.index_select(1, _sidRows)).DetachFromDisposeScope();
            }
        }
        else if (wantsSids)
        {
            Tensor head = _sidRows is null ? _model.HeadWeight.narrow(0, _firstSid, SidColumnCount) : _model.HeadWeight.index_select(0, _sidRows);
            _sidLogits = nn.functional.linear(hidden, head).DetachFromDisposeScope();
        }
    }

    private void Clear()
    {
        _logits?.Dispose();
        _sidLogits?.Dispose();
        _logSumExp?.Dispose();
        _endLogits?.Dispose();
        _logits = _sidLogits = _logSumExp = _endLogits = null;
    }

    // Rows Length.. see all text before them and themselves.
    private Tensor CausalMask(int rows)
    {
        int columns = Length + rows;
        var mask = new float[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            mask.AsSpan(row * columns + Length + row + 1, rows - row - 1).Fill(float.NegativeInfinity);
        }

        return tensor(mask, [rows, columns]);
    }

    // Each row sees the text and its own line of ancestors, itself included.
    private Tensor BeamMask(int[][] ancestors)
    {
        int columns = _cache.Length + ancestors.Length;
        var mask = new float[ancestors.Length * columns];
        for (int row = 0; row < ancestors.Length; row++)
        {
            Span<float> line = mask.AsSpan(row * columns, columns);
            line[Length..].Fill(float.NegativeInfinity);
            foreach (int column in ancestors[row])
            {
                line[column] = 0;
            }
        }

        return tensor(mask, [ancestors.Length, columns]);
    }

    private void CheckTokens(ReadOnlySpan<int> tokens)
    {
        foreach (int token in tokens)
        {
            if (token < 0 || token >= VocabSize)
            {
                throw new ArgumentException($"Token {token} is outside the vocabulary; expected 0 to {VocabSize - 1}.", nameof(tokens));
            }
        }
    }

    private void CheckSpace(int rows)
    {
        if (rows > Capacity - _cache.Length)
        {
            throw new InvalidOperationException($"The cache holds {_cache.Length} of {Capacity} rows; {rows} more do not fit. Open the session with a larger capacity.");
        }
    }
}
