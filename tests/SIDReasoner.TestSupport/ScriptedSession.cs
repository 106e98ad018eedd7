using System.Runtime.InteropServices;
using SIDReasoner.Decoding;

namespace SIDReasoner.TestSupport;

/// <summary>
/// A model of no cost: logits are a function of the seed and the SID tokens appended since the text. Holds its callers to the
/// contract of <see cref="IDecoderSession"/>, which is how tests see that the search keeps to it.
/// </summary>
public sealed unsafe class ScriptedSession : IDecoderSession
{
    private readonly int[] _columns;
    private readonly Func<int[], int, float> _logit;
    private readonly List<int> _text = [];
    private readonly List<int[]> _paths = [[]];
    private readonly float* _sid;
    private readonly float* _lse;
    private readonly float* _end;
    private readonly int[] _endTokens;
    private readonly int _maxRows;
    private bool _hasBeams;
    private bool _disposed;

    /// <summary>Makes a session.</summary>
    /// <param name="sidTokenIds">Token ids of the SID columns, ascending.</param>
    /// <param name="vocabSize">Rows of the vocabulary.</param>
    /// <param name="logit">The logit of a token after a path of SID tokens.</param>
    /// <param name="maxRows">The most rows of one call.</param>
    /// <param name="endTokens">Newline and end of turn; null where the model does not know them.</param>
    public ScriptedSession(IReadOnlyList<int> sidTokenIds, int vocabSize, Func<int[], int, float> logit, int maxRows = SearchOptions.MaxBeamWidth, int[]? endTokens = null)
    {
        _columns = [.. sidTokenIds];
        _logit = logit;
        VocabSize = vocabSize;
        _maxRows = maxRows;
        _sid = (float*)NativeMemory.Alloc((nuint)(maxRows * _columns.Length * sizeof(float)));
        _lse = (float*)NativeMemory.Alloc((nuint)(maxRows * sizeof(float)));
        _endTokens = endTokens ?? [];
        _end = (float*)NativeMemory.Alloc((nuint)(2 * maxRows * sizeof(float)));
    }

    /// <summary>Logits drawn evenly from -4 to 4 by a hash of seed, path and token: no two alike, the same on every run.</summary>
    /// <param name="seed">The seed.</param>
    /// <returns>The function for the constructor.</returns>
    public static Func<int[], int, float> Random(int seed) => (path, token) =>
    {
        uint state = Mix((uint)seed);
        foreach (int step in path)
        {
            state = Mix(state ^ (uint)step);
        }

        return (Mix(state ^ (uint)token ^ 0x5bd1e995u) >> 8) / 16777216f * 8f - 4f;
    };

    /// <summary>As <see cref="Random"/>, in steps of one half: many ties, all sums exact.</summary>
    /// <param name="seed">The seed.</param>
    /// <returns>The function for the constructor.</returns>
    public static Func<int[], int, float> Tied(int seed)
    {
        Func<int[], int, float> random = Random(seed);
        return (path, token) => MathF.Round(random(path, token)) / 2f;
    }

    /// <summary>Calls of <see cref="AppendBeams"/> so far.</summary>
    public int Forwards { get; private set; }

    /// <inheritdoc/>
    public int Length => _text.Count;

    /// <inheritdoc/>
    public int Capacity => int.MaxValue;

    /// <inheritdoc/>
    public int VocabSize { get; }

    /// <inheritdoc/>
    public int SidColumnCount => _columns.Length;

    /// <inheritdoc/>
    public LogitsView Logits => LogitsView.Empty;

    /// <inheritdoc/>
    public LogitsView SidLogits { get; private set; }

    /// <inheritdoc/>
    public LogitsView LogSumExp { get; private set; }

    /// <inheritdoc/>
    public LogitsView EndLogits { get; private set; }

    /// <summary>All logits after a path.</summary>
    /// <param name="path">SID tokens since the text.</param>
    /// <returns>[V].</returns>
    public float[] Row(int[] path) => [.. Enumerable.Range(0, VocabSize).Select(token => _logit(path, token))];

    /// <summary>The log-sum-exp this session reports after a path.</summary>
    /// <param name="path">SID tokens since the text.</param>
    /// <returns>Rounded to the nearest half, so that sums of tied scores stay exact.</returns>
    public float ReportedLogSumExp(int[] path) => MathF.Round((float)SlowSearch.LogSumExp(Row(path)) * 2f) / 2f;

    /// <inheritdoc/>
    public void AppendTokens(ReadOnlySpan<int> tokens, StepOutputs outputs)
    {
        if (_hasBeams)
        {
            throw new InvalidOperationException("Beam rows lie in the cache.");
        }

        _text.AddRange(tokens);
        _paths.Clear();
        _paths.Add([]);
        Compute(outputs);
    }

    /// <inheritdoc/>
    public void AppendBeams(ReadOnlySpan<int> tokens, ReadOnlySpan<int> parents, StepOutputs outputs)
    {
        if (tokens.IsEmpty || tokens.Length != parents.Length || tokens.Length > _maxRows)
        {
            throw new ArgumentException($"{tokens.Length} tokens, {parents.Length} parents.");
        }

        var next = new List<int[]>();
        for (int row = 0; row < tokens.Length; row++)
        {
            if (_hasBeams ? parents[row] < 0 || parents[row] >= _paths.Count : parents[row] != -1)
            {
                throw new ArgumentException($"Row {row} names parent {parents[row]}.");
            }

            int[] path = _hasBeams ? _paths[parents[row]] : [];
            next.Add([.. path, tokens[row]]);
        }

        _paths.Clear();
        _paths.AddRange(next);
        _hasBeams = true;
        Forwards++;
        Compute(outputs);
    }

    /// <inheritdoc/>
    public void Rewind(int length)
    {
        _text.RemoveRange(length, _text.Count - length);
        _hasBeams = false;
        _paths.Clear();
        _paths.Add([]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            NativeMemory.Free(_sid);
            NativeMemory.Free(_lse);
            NativeMemory.Free(_end);
        }
    }

    private void Compute(StepOutputs outputs)
    {
        // What was not asked for is filled with NaN, so that reading it shows.
        for (int row = 0; row < _paths.Count; row++)
        {
            for (int column = 0; column < _columns.Length; column++)
            {
                _sid[(row * _columns.Length) + column] = outputs.HasFlag(StepOutputs.SidLogits) ? _logit(_paths[row], _columns[column]) : float.NaN;
            }

            for (int end = 0; end < _endTokens.Length; end++)
            {
                _end[(row * 2) + end] = outputs.HasFlag(StepOutputs.EndLogits) ? _logit(_paths[row], _endTokens[end]) : float.NaN;
            }

            _lse[row] = outputs.HasFlag(StepOutputs.LogSumExp) ? ReportedLogSumExp(_paths[row]) : float.NaN;
        }

        SidLogits = new LogitsView((nint)_sid, TensorElementType.Float32, DeviceKind.Cpu, _paths.Count, _columns.Length);
        LogSumExp = new LogitsView((nint)_lse, TensorElementType.Float32, DeviceKind.Cpu, _paths.Count, 1);
        EndLogits = _endTokens.Length == 0 ? LogitsView.Empty : new LogitsView((nint)_end, TensorElementType.Float32, DeviceKind.Cpu, _paths.Count, 2);
    }

    private static uint Mix(uint x)
    {
        x ^= x >> 16;
        x *= 0x7feb352d;
        x ^= x >> 15;
        x *= 0x846ca68b;
        return x ^ (x >> 16);
    }
}
