using System.Runtime.InteropServices;

namespace SIDReasoner.Runtime.GenAI;

/// <summary>The packed calls since the text, so that they can be run again in a larger cache.</summary>
internal sealed class BeamHistory
{
    private readonly List<int> _tokens = [];
    private readonly List<int> _parents = [];
    private readonly List<int> _starts = [];

    /// <summary>Packed calls since the text.</summary>
    public int Levels => _starts.Count;

    /// <summary>Tokens of the text's first call, behind which all room is a request's tail.</summary>
    public int PromptLength { get; set; }

    /// <summary>Takes one call.</summary>
    public void Add(ReadOnlySpan<int> tokens, ReadOnlySpan<int> parents)
    {
        _starts.Add(_tokens.Count);
        _tokens.AddRange(tokens);
        _parents.AddRange(parents);
    }

    /// <summary>Tokens of a call.</summary>
    public ReadOnlySpan<int> Tokens(int level) => CollectionsMarshal.AsSpan(_tokens)[_starts[level]..End(level)];

    /// <summary>Parent rows of a call.</summary>
    public ReadOnlySpan<int> Parents(int level) => CollectionsMarshal.AsSpan(_parents)[_starts[level]..End(level)];

    /// <summary>Forgets every call; the room stays.</summary>
    public void Clear()
    {
        _tokens.Clear();
        _parents.Clear();
        _starts.Clear();
    }

    private int End(int level) => level + 1 < _starts.Count ? _starts[level + 1] : _tokens.Count;
}
