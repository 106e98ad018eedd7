using System.Runtime.InteropServices;

namespace SIDReasoner.Decoding.Tests;

/// <summary>Answers every call with the same text logits and allocates nothing.</summary>
internal sealed unsafe class SilentTextSession : IDecoderSession
{
    private readonly float* _logits;

    public SilentTextSession(int vocabSize)
    {
        VocabSize = vocabSize;
        _logits = (float*)NativeMemory.Alloc((nuint)vocabSize, sizeof(float));
        for (int i = 0; i < vocabSize; i++)
        {
            _logits[i] = i == vocabSize - 1 ? -100 : (i * 2654435761u >> 8) / 4e6f;
        }
    }

    public int Length => 1;

    public int Capacity => int.MaxValue;

    public int VocabSize { get; }

    public int SidColumnCount => 0;

    public LogitsView Logits => new((nint)_logits, TensorElementType.Float32, DeviceKind.Cpu, 1, VocabSize);

    public LogitsView SidLogits => LogitsView.Empty;

    public LogitsView LogSumExp => LogitsView.Empty;

    public void AppendTokens(ReadOnlySpan<int> tokens, StepOutputs outputs)
    {
    }

    public void AppendBeams(ReadOnlySpan<int> tokens, ReadOnlySpan<int> parents, StepOutputs outputs)
    {
    }

    public void Rewind(int length)
    {
    }

    public void Dispose() => NativeMemory.Free(_logits);
}
