using System.Runtime.InteropServices;
using SIDReasoner.Decoding;

namespace SIDReasoner.TestSupport;

/// <summary>A model of no cost for text: logits are a function of all tokens so far. Holds its callers to the contract of <see cref="IDecoderSession"/>.</summary>
public sealed unsafe class TextSession : IDecoderSession
{
    private readonly Func<IReadOnlyList<int>, float[]> _logits;
    private readonly List<int> _text = [];
    private readonly float* _row;
    private bool _disposed;

    /// <summary>Makes a session.</summary>
    /// <param name="vocabSize">Rows of the vocabulary.</param>
    /// <param name="logits">The row of logits after a text.</param>
    /// <param name="capacity">Places in the cache.</param>
    public TextSession(int vocabSize, Func<IReadOnlyList<int>, float[]> logits, int capacity = 1 << 20)
    {
        VocabSize = vocabSize;
        Capacity = capacity;
        _logits = logits;
        _row = (float*)NativeMemory.Alloc((nuint)vocabSize, sizeof(float));
    }

    /// <summary>A model that says one text, whatever came before: after n tokens of it, token n is the likeliest.</summary>
    /// <param name="vocabSize">Rows of the vocabulary.</param>
    /// <param name="promptLength">Tokens before the text.</param>
    /// <param name="text">The text; afterwards its last token goes on.</param>
    /// <param name="capacity">Places in the cache.</param>
    /// <returns>The session, empty.</returns>
    public static TextSession Saying(int vocabSize, int promptLength, int[] text, int capacity = 1 << 20) => new(
        vocabSize,
        tokens =>
        {
            var row = new float[vocabSize];
            row[text[Math.Clamp(tokens.Count - promptLength, 0, text.Length - 1)]] = 1;
            return row;
        },
        capacity);

    /// <summary>All text in the cache.</summary>
    public IReadOnlyList<int> Text => _text;

    /// <summary>The calls of <see cref="AppendTokens"/>: how many tokens, and which outputs.</summary>
    public List<(int Tokens, StepOutputs Outputs)> Forwards { get; } = [];

    /// <inheritdoc/>
    public int Length => _text.Count;

    /// <inheritdoc/>
    public int Capacity { get; }

    /// <inheritdoc/>
    public int VocabSize { get; }

    /// <inheritdoc/>
    public int SidColumnCount => 0;

    /// <inheritdoc/>
    public LogitsView Logits { get; private set; }

    /// <inheritdoc/>
    public LogitsView SidLogits => LogitsView.Empty;

    /// <inheritdoc/>
    public LogitsView LogSumExp => LogitsView.Empty;

    /// <inheritdoc/>
    public void AppendTokens(ReadOnlySpan<int> tokens, StepOutputs outputs)
    {
        if (tokens.IsEmpty)
        {
            throw new ArgumentException("No token.");
        }

        foreach (int token in tokens)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)token, (uint)VocabSize);
        }

        if (_text.Count + tokens.Length > Capacity)
        {
            throw new InvalidOperationException("The cache is full.");
        }

        _text.AddRange(tokens);
        Forwards.Add((tokens.Length, outputs));

        // What was not asked for is NaN, so that reading it shows.
        float[] row = outputs.HasFlag(StepOutputs.Logits) ? _logits(_text) : [.. Enumerable.Repeat(float.NaN, VocabSize)];
        row.CopyTo(new Span<float>(_row, VocabSize));
        Logits = new LogitsView((nint)_row, TensorElementType.Float32, DeviceKind.Cpu, 1, VocabSize);
    }

    /// <inheritdoc/>
    public void AppendBeams(ReadOnlySpan<int> tokens, ReadOnlySpan<int> parents, StepOutputs outputs) =>
        throw new InvalidOperationException("This session has text alone.");

    /// <inheritdoc/>
    public void Rewind(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)_text.Count);
        _text.RemoveRange(length, _text.Count - length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            NativeMemory.Free(_row);
        }
    }
}
