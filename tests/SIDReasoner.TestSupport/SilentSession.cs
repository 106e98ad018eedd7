using System.Runtime.InteropServices;
using SIDReasoner.Decoding;

namespace SIDReasoner.TestSupport;

/// <summary>Answers every call with the same logits and allocates nothing: for counting what the search itself allocates.</summary>
public sealed unsafe class SilentSession : IDecoderSession
{
    private readonly float* _logits;
    private readonly float* _logSumExp;
    private int _rows = 1;

    public SilentSession(int columns, int vocabSize, int maxRows)
    {
        SidColumnCount = columns;
        VocabSize = vocabSize;
        _logits = (float*)NativeMemory.Alloc((nuint)(maxRows * columns * sizeof(float)));
        _logSumExp = (float*)NativeMemory.AllocZeroed((nuint)(maxRows * sizeof(float)));
        for (int i = 0; i < maxRows * columns; i++)
        {
            _logits[i] = -((i * 2654435761u) >> 8) / 1e6f;
        }
    }

    public int Length => 1;

    public int Capacity => int.MaxValue;

    public int VocabSize { get; }

    public int SidColumnCount { get; }

    public LogitsView Logits => LogitsView.Empty;

    public LogitsView SidLogits => new((nint)_logits, TensorElementType.Float32, DeviceKind.Cpu, _rows, SidColumnCount);

    public LogitsView LogSumExp => new((nint)_logSumExp, TensorElementType.Float32, DeviceKind.Cpu, _rows, 1);

    public void AppendTokens(ReadOnlySpan<int> tokens, StepOutputs outputs) => _rows = 1;

    public void AppendBeams(ReadOnlySpan<int> tokens, ReadOnlySpan<int> parents, StepOutputs outputs) => _rows = tokens.Length;

    public void Rewind(int length) => _rows = 1;

    public void Dispose()
    {
        NativeMemory.Free(_logits);
        NativeMemory.Free(_logSumExp);
    }
}
