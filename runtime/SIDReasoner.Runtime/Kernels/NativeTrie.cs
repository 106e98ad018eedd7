using System.Runtime.CompilerServices;
using SIDReasoner.Core.Tries;
using SIDReasoner.Runtime.Interop;

namespace SIDReasoner.Runtime.Kernels;

/// <summary>libsidr's handle on a managed trie: the same bytes, checked by it once more, not copied. One a trie, for all kernels.</summary>
/// <remarks>The handle lives as long as the trie object does; like a span of it, it must not be used once the trie is disposed.</remarks>
internal sealed unsafe class NativeTrie
{
    private static readonly ConditionalWeakTable<SidTrie, NativeTrie> s_tries = [];

    private NativeTrie(SidTrie trie)
    {
        NativeMethods.sidr_trie_map((void*)trie.ImagePointer, (ulong)trie.ImageBytes, out SafeTrieHandle handle).ThrowIfFailed();
        Handle = handle;
        NativeMethods.sidr_filter_words(handle, out ulong words).ThrowIfFailed();
        FilterWords = checked((int)words);
    }

    /// <summary>The handle.</summary>
    public SafeTrieHandle Handle { get; }

    /// <summary>Words of a filter's node bits.</summary>
    public int FilterWords { get; }

    /// <summary>The handle on a trie, made on first use.</summary>
    /// <exception cref="NativeKernelException">libsidr refuses the bytes.</exception>
    public static NativeTrie Of(SidTrie trie)
    {
        lock (s_tries)
        {
            if (!s_tries.TryGetValue(trie, out NativeTrie? native))
            {
                native = new NativeTrie(trie);
                s_tries.Add(trie, native);
            }

            return native;
        }
    }

    /// <summary>Writes a filter's bits the way a step reads them: depth 1 to L, one run after the other, zeros at the end.</summary>
    /// <param name="filter">A filter of this trie.</param>
    /// <param name="levels">The trie's levels.</param>
    /// <param name="words">[<see cref="FilterWords"/>].</param>
    public static void CopyFilter(SidFilter filter, int levels, Span<ulong> words)
    {
        for (int depth = 1; depth <= levels; depth++)
        {
            ReadOnlySpan<ulong> bits = filter.Bits(depth);
            bits.CopyTo(words);
            words = words[bits.Length..];
        }

        words.Clear();
    }
}
