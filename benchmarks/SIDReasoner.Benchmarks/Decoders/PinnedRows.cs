using System.Runtime.InteropServices;
using SIDReasoner.Decoding;

namespace SIDReasoner.Benchmarks.Decoders;

/// <summary>Rows of float32 that stay where they are, to be shown as logits.</summary>
internal sealed unsafe class PinnedRows : IDisposable
{
    private float* _values;
    private int _capacity;

    /// <summary>What was last asked for.</summary>
    public LogitsView View { get; private set; } = LogitsView.Empty;

    /// <summary>Makes room; what was there is lost.</summary>
    public Span<float> Reset(int rows, int columns)
    {
        int count = rows * columns;
        if (count > _capacity)
        {
            _values = (float*)NativeMemory.Realloc(_values, (nuint)count * sizeof(float));
            _capacity = count;
        }

        View = count == 0 ? LogitsView.Empty : new LogitsView((nint)_values, TensorElementType.Float32, DeviceKind.Cpu, rows, columns);
        return new Span<float>(_values, count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_values);
        _values = null;
        _capacity = 0;
        View = LogitsView.Empty;
    }
}
