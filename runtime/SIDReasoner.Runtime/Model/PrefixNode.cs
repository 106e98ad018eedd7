using System.Diagnostics.CodeAnalysis;

namespace SIDReasoner.Runtime.Model;

/// <summary>The rows of a kept prompt that it does not share with the prompt it hangs below.</summary>
/// <remarks>
/// Children hang at any row of it, not only at its end: a child at row s shares the rows before s and parts at its own first token. Rows
/// and tokens never change; the rest belongs to <see cref="PrefixCache"/>'s lock.
/// </remarks>
internal sealed class PrefixNode
{
    private Dictionary<(int Start, int Token), PrefixNode>? _children;

    public PrefixNode(PrefixNode parent, int start, int[] tokens, NativeBuffer rows, long bytes)
        : this(tokens)
    {
        (Parent, Start, Rows, Bytes) = (parent, start, rows, bytes);
    }

    private PrefixNode(int[] tokens)
    {
        Tokens = tokens;
        Place = new LinkedListNode<PrefixNode>(this);
    }

    /// <summary>What it hangs below; null for the root of an adapter, which holds nothing.</summary>
    public PrefixNode? Parent { get; }

    /// <summary>Position of its first token in the prompt.</summary>
    public int Start { get; }

    /// <summary>Its own tokens.</summary>
    public int[] Tokens { get; }

    /// <summary>Their keys and values: float32 [tensors * heads, tokens, D].</summary>
    public NativeBuffer? Rows { get; }

    /// <summary>Memory it counts for.</summary>
    public long Bytes { get; }

    /// <summary>Its place in the order of use.</summary>
    public LinkedListNode<PrefixNode> Place { get; }

    /// <summary>Sessions that read it, or what it hangs below, or are about to hang something below it; while there are any, it stays.</summary>
    public int Readers { get; set; }

    /// <summary>Whether anything hangs below it.</summary>
    public bool HasChildren => _children is { Count: > 0 };

    /// <summary>The start of a tree.</summary>
    public static PrefixNode Root() => new([]);

    /// <summary>The child that parts at a row with a token.</summary>
    public bool TryGetChild(int start, int token, [NotNullWhen(true)] out PrefixNode? child)
    {
        child = null;
        return _children is not null && _children.TryGetValue((start, token), out child);
    }

    /// <summary>Hangs a child below; false where there is one that parts there with the same token.</summary>
    public bool TryAdd(PrefixNode child) => (_children ??= []).TryAdd((child.Start, child.Tokens[0]), child);

    /// <summary>Takes a child off.</summary>
    public void Remove(PrefixNode child) => _children!.Remove((child.Start, child.Tokens[0]));
}
