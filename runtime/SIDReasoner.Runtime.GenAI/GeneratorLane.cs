using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntimeGenAI;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Runtime.GenAI;

/// <summary>One GenAI generator (num_beams 1) with its KV cache and the control vector that it reads before every run. Serves one session at a time.</summary>
/// <remarks>
/// Stays clear of the generator's traps (tests name each): the control input is set once, before the first tokens; tokens enter by
/// AppendTokens alone, so none is ever pending and none is replayed; past and present share one buffer, so a rewind copies nothing
/// and may follow another; and before each append the generator's own count is compared with where the tokens belong, so a run that
/// failed leaves no tokens behind.
/// </remarks>
internal sealed unsafe class GeneratorLane : IDisposable
{
    private readonly Generator _generator;
    private readonly Tensor _controlTensor;
    private readonly long[] _control;
    private readonly List<int> _text = [];
    private bool _isDisposed;

    /// <summary>Makes a generator with room for <paramref name="rows"/> tokens and beam rows together.</summary>
    public GeneratorLane(Microsoft.ML.OnnxRuntimeGenAI.Model model, int rows, int controlLength, Adapters? adapters = null, string? adapter = null)
    {
        Rows = rows;
        Adapter = adapter;
        _control = GC.AllocateArray<long>(controlLength, pinned: true);
        using var parameters = new GeneratorParams(model);
        parameters.SetSearchOption("max_length", rows);
        parameters.SetSearchOption("num_beams", 1);
        parameters.SetSearchOption("do_sample", false);
        parameters.SetSearchOption("past_present_share_buffer", true);
        _generator = new Generator(model, parameters);
        try
        {
            _controlTensor = new Tensor(
                (nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_control)), [_control.Length], ElementType.int64);
            _generator.SetModelInput(ControlFields.InputName, _controlTensor);
            if (adapter is not null)
                _generator.SetActiveAdapter(adapters!, adapter);
        }
        catch
        {
            _controlTensor?.Dispose();
            _generator.Dispose();
            throw;
        }
    }

    /// <summary>Tokens and beam rows that the cache has room for.</summary>
    public int Rows { get; }

    /// <summary>The adapter that every run applies; null for none. Set before the first tokens, so that the whole cache is of it.</summary>
    public string? Adapter { get; }

    /// <summary>What the next run reads: all of it is written before each run.</summary>
    public Span<long> Control => _control;

    /// <summary>The text whose keys and values lie in the cache, from its first row on.</summary>
    public ReadOnlySpan<int> Text => CollectionsMarshal.AsSpan(_text);

    /// <summary>Runs text tokens at rows <paramref name="at"/> and on; everything behind that is dropped first.</summary>
    public void AppendText(ReadOnlySpan<int> tokens, int at)
    {
        _text.RemoveRange(at, _text.Count - at);
        Append(tokens, at);
        _text.AddRange(tokens);
    }

    /// <summary>Runs one packed level of beams at rows <paramref name="at"/> and on, behind <paramref name="textLength"/> tokens of text.</summary>
    public void AppendBeams(ReadOnlySpan<int> tokens, int at, int textLength)
    {
        _text.RemoveRange(textLength, _text.Count - textLength);
        Append(tokens, at);
    }

    /// <summary>An output of the last run, copied to the host; the caller disposes it.</summary>
    public Tensor Output(string name) => _generator.GetOutput(name);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _generator.Dispose();
        _controlTensor.Dispose();
        GC.KeepAlive(_control);
    }

    private void Append(ReadOnlySpan<int> tokens, int at)
    {
        if (_generator.TokenCount() != (ulong)at)
            _generator.RewindTo((ulong)at);
        _generator.AppendTokens(tokens);
    }
}
