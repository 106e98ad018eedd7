namespace SIDReasoner.Runtime.Model;

/// <summary>The attention mask of every length as views over one buffer of ones, shared by all sessions of a model.</summary>
/// <remarks>Safe for any number of threads: two that make the same view keep one of the two.</remarks>
internal sealed unsafe class MaskView : IDisposable
{
    private readonly NativeBuffer _ones;
    private readonly nint[] _views;

    public MaskView(int mostRows)
    {
        _ones = new NativeBuffer((long)mostRows * sizeof(long));
        new Span<long>(_ones.Pointer, mostRows).Fill(1);
        _views = new nint[mostRows + 1];
    }

    /// <summary>int64 [1, length] of ones.</summary>
    public nint this[int length]
    {
        get
        {
            var view = Volatile.Read(ref _views[length]);
            if (view != 0)
                return view;
            view = OrtNative.CreateTensor(_ones.Pointer, (long)length * sizeof(long), [1, length], OrtNative.ElementType.Int64);
            var first = Interlocked.CompareExchange(ref _views[length], view, 0);
            if (first == 0)
                return view;
            OrtNative.Release(view);
            return first;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (var i = 0; i < _views.Length; i++)
        {
            OrtNative.Release(_views[i]);
            _views[i] = 0;
        }

        _ones.Dispose();
    }
}
