using LLama.Native;
using SIDReasoner.Decoding;

namespace SIDReasoner.Benchmarks.Decoders.Llama;

/// <summary>llama.cpp under this project's own search: the prompt once, a beam a sequence of one batch, what beams share kept once.</summary>
/// <remarks>
/// One unified cache: sequence 0 is the text; a beam is a sequence that <c>llama_memory_seq_cp</c> makes of its parent, which copies no
/// key or value. Beams of two levels alternate between two banks of sequences. The head runs over the whole vocabulary on every row that is
/// asked for, since llama.cpp has no other; SID columns are picked from it, and the log-sum-exp is computed only where it is asked for.
/// </remarks>
public sealed class LlamaDecoderSession : IDecoderSession
{
    private const int MostRows = 512;
    private const int Text = 0;

    private readonly SafeLLamaContextHandle _context;
    private readonly LLamaBatch _batch = new();
    private readonly int[] _sidTokens;
    private readonly int _mostBeams;
    private readonly PinnedRows _sidLogits = new();
    private readonly PinnedRows _logSumExp = new();
    private int _depth;

    /// <summary>Makes an empty session.</summary>
    /// <param name="model">The model; outlives the session.</param>
    /// <param name="sidTokens">Token id of each SID column, ascending; empty for text alone.</param>
    /// <param name="capacity">Text tokens and beam rows that the cache holds together.</param>
    /// <param name="mostBeams">Beams of a call, at most 127: llama.cpp has 256 sequences.</param>
    /// <param name="isFast">llama.cpp's own defaults, a float16 cache and flash attention; else float32 throughout.</param>
    public LlamaDecoderSession(LlamaModel model, IReadOnlyList<int> sidTokens, int capacity, int mostBeams, bool isFast = true)
    {
        LLamaContextParams parameters = LLamaContextParams.Default();
        parameters.n_ctx = (uint)capacity;
        parameters.n_batch = MostRows;
        parameters.n_ubatch = MostRows;
        parameters.n_seq_max = (uint)(1 + (2 * mostBeams));
        parameters.n_threads = model.Threads;
        parameters.n_threads_batch = model.Threads;
        parameters.kv_unified = true;
        parameters.no_perf = true;
        parameters.type_k = parameters.type_v = isFast ? GGMLType.GGML_TYPE_F16 : GGMLType.GGML_TYPE_F32;
        parameters.llama_flash_attn_type = isFast ? LLamaFlashAttentionType.LLAMA_FLASH_ATTENTION_TYPE_ENABLED : LLamaFlashAttentionType.LLAMA_FLASH_ATTENTION_TYPE_DISABLED;
        _context = SafeLLamaContextHandle.Create(model.Handle, parameters);
        _sidTokens = [.. sidTokens];
        _mostBeams = mostBeams;
        Capacity = capacity;
        VocabSize = model.Handle.Vocab.Count;
    }

    /// <inheritdoc/>
    public int Length { get; private set; }

    /// <inheritdoc/>
    public int Capacity { get; }

    /// <inheritdoc/>
    public int VocabSize { get; }

    /// <inheritdoc/>
    public int SidColumnCount => _sidTokens.Length;

    /// <inheritdoc/>
    public LogitsView Logits { get; private set; } = LogitsView.Empty;

    /// <inheritdoc/>
    public LogitsView SidLogits => _sidLogits.View;

    /// <inheritdoc/>
    public LogitsView LogSumExp => _logSumExp.View;

    /// <inheritdoc/>
    public void AppendTokens(ReadOnlySpan<int> tokens, StepOutputs outputs)
    {
        if (_depth > 0)
        {
            throw new InvalidOperationException("Beam rows lie behind the text; call Rewind before appending text.");
        }

        for (int first = 0; first < tokens.Length; first += MostRows)
        {
            ReadOnlySpan<int> piece = tokens.Slice(first, Math.Min(MostRows, tokens.Length - first));
            bool isLast = first + piece.Length == tokens.Length;
            _batch.Clear();
            for (int i = 0; i < piece.Length; i++)
            {
                _batch.Add(piece[i], Length + i, (LLamaSeqId)Text, isLast && i == piece.Length - 1 && outputs != StepOutputs.None);
            }

            Run();
            Length += piece.Length;
        }

        Collect(1, _batch.TokenCount - 1, outputs);
    }

    /// <inheritdoc/>
    public void AppendBeams(ReadOnlySpan<int> tokens, ReadOnlySpan<int> parents, StepOutputs outputs)
    {
        if (tokens.Length > _mostBeams || tokens.Length != parents.Length)
        {
            throw new ArgumentException($"{tokens.Length} beams with {parents.Length} parents; expected as many of each, at most {_mostBeams}.", nameof(tokens));
        }

        int bank = Bank(_depth), parentBank = Bank(_depth - 1);
        if (_depth > 1)
        {
            Remove(bank);
        }

        _batch.Clear();
        for (int row = 0; row < tokens.Length; row++)
        {
            var sequence = (LLamaSeqId)(bank + row);
            _context.MemorySequenceCopy(_depth == 0 ? (LLamaSeqId)Text : (LLamaSeqId)(parentBank + parents[row]), sequence, -1, -1);
            _batch.Add(tokens[row], Length + _depth, sequence, logits: true);
        }

        Run();
        _depth++;
        Collect(tokens.Length, 0, outputs);
    }

    /// <inheritdoc/>
    public void Rewind(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        if (_depth > 0)
        {
            Remove(Bank(0));
            Remove(Bank(1));
        }

        if (length < Length)
        {
            _context.MemorySequenceRemove((LLamaSeqId)Text, length, -1);
        }

        (Length, _depth) = (length, 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _context.Dispose();
        _sidLogits.Dispose();
        _logSumExp.Dispose();
    }

    private int Bank(int depth) => 1 + ((depth & 1) * _mostBeams);

    private void Remove(int bank)
    {
        for (int beam = 0; beam < _mostBeams; beam++)
        {
            _context.MemorySequenceRemove((LLamaSeqId)(bank + beam), -1, -1);
        }
    }

    private void Run()
    {
        DecodeResult result = _context.Decode(_batch);
        if (result != DecodeResult.Ok)
        {
            throw new InvalidOperationException($"llama.cpp answers {result} to a batch of {_batch.TokenCount} at length {Length}.");
        }
    }

    private unsafe void Collect(int rows, int first, StepOutputs outputs)
    {
        bool wantsSid = (outputs & StepOutputs.SidLogits) != 0, wantsSum = (outputs & StepOutputs.LogSumExp) != 0;
        Logits = LogitsView.Empty;
        Span<float> sid = _sidLogits.Reset(wantsSid ? rows : 0, _sidTokens.Length);
        Span<float> sum = _logSumExp.Reset(wantsSum ? rows : 0, 1);
        for (int row = 0; row < rows && outputs != StepOutputs.None; row++)
        {
            ReadOnlySpan<float> logits = _context.GetLogitsIth(first + row);
            if (wantsSid)
            {
                for (int column = 0; column < _sidTokens.Length; column++)
                {
                    sid[(row * _sidTokens.Length) + column] = logits[_sidTokens[column]];
                }
            }

            if (wantsSum)
            {
                sum[row] = VocabularySum.LogSumExp(logits);
            }

            if ((outputs & StepOutputs.Logits) != 0)
            {
                fixed (float* own = logits)
                {
                    // llama.cpp's own memory, which stays until the next run.
                    Logits = new LogitsView((nint)own, TensorElementType.Float32, DeviceKind.Cpu, 1, VocabSize);
                }
            }
        }
    }
}
