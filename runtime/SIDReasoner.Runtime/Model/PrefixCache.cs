namespace SIDReasoner.Runtime.Model;

/// <summary>Keys and values of earlier prompts, so that a prompt which begins as one of them did runs only the rest.</summary>
/// <remarks>
/// A row of the KV cache depends on the tokens up to it and on nothing behind, so any prompt that shares the first p tokens of a kept one,
/// under the same adapter, may take its first p rows. Prompts are kept as a tree (as RadixAttention does, arXiv:2312.07104, section 3): a
/// prompt that parts from a kept one hangs below it and holds only the rows that are its own. Rows never change once kept; any number of
/// sessions copy them at once, outside the lock. The leaf unused for longest goes first, and never one that is being read.
/// Belongs to one model, and so to one form of its weights. Safe for any number of threads.
/// </remarks>
internal sealed unsafe class PrefixCache(long mostBytes, int tensors, int heads, int headSize) : IDisposable
{
    /// <summary>Managed memory of a kept prompt beside its rows and token ids, about.</summary>
    private const int NodeBytes = 512;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, PrefixNode> _roots = new(StringComparer.Ordinal);
    private readonly LinkedList<PrefixNode> _byUse = [];

    /// <summary>Bytes kept now; never more than the bound.</summary>
    public long Bytes { get; private set; }

    private long RowBytes => (long)tensors * heads * headSize * sizeof(float);

    /// <summary>Copies the rows of the longest kept start of a prompt into a session's cache.</summary>
    /// <param name="adapter">The adapter that the session applies; null for none.</param>
    /// <param name="tokens">The prompt.</param>
    /// <param name="most">Rows to copy at most.</param>
    /// <param name="cache">Has room for them.</param>
    /// <param name="inPlace">Rows that lie in the session's cache already and are not copied again.</param>
    /// <returns>Rows that the cache now holds, from the first on; 0 where nothing is shared.</returns>
    public int Load(string? adapter, ReadOnlySpan<int> tokens, int most, KvCache cache, int inPlace = 0)
    {
        PrefixNode last;
        int rows;
        lock (_gate)
        {
            (last, rows) = Find(adapter, tokens);
            rows = Math.Min(rows, most);
            if (rows == 0)
                return 0;
            Touch(last);
            last.Readers++;
        }

        var end = rows;
        for (var node = last; node.Parent is not null; node = node.Parent)
        {
            var first = Math.Max(node.Start, inPlace);
            if (end > first)
                cache.CopyIn(first, end - first, node.Rows!.Pointer, node.Tokens.Length, first - node.Start);
            end = Math.Min(end, node.Start);
        }

        lock (_gate)
            last.Readers--;
        return rows;
    }

    /// <summary>Keeps a prompt whose rows lie in a session's cache, as far as they are not kept already and the bound allows.</summary>
    /// <param name="adapter">The adapter that the rows were computed with; null for none.</param>
    /// <param name="tokens">The prompt: row i of the cache is its token i's.</param>
    /// <param name="cache">The session's.</param>
    public void Store(string? adapter, ReadOnlySpan<int> tokens, KvCache cache)
    {
        PrefixNode parent;
        int kept;
        long bytes;
        lock (_gate)
        {
            (parent, kept) = Find(adapter, tokens);
            if (parent.Parent is not null)
                Touch(parent);
            if (kept == tokens.Length)
                return;
            parent.Readers++;
            bytes = NodeBytes + (tokens.Length - kept) * (RowBytes + sizeof(int));
            if (!MakeRoom(bytes))
            {
                parent.Readers--;
                return;
            }

            Bytes += bytes;
        }

        // Nobody else sees the new rows yet, so they are copied outside the lock.
        var own = tokens[kept..].ToArray();
        var rows = new NativeBuffer(own.Length * RowBytes);
        cache.CopyOut(kept, own.Length, rows.Pointer);
        var node = new PrefixNode(parent, kept, own, rows, bytes);
        lock (_gate)
        {
            parent.Readers--;
            if (!parent.TryAdd(node))
            {
                // Another request kept the same continuation meanwhile.
                Bytes -= bytes;
                rows.Dispose();
                return;
            }

            _byUse.AddFirst(node.Place);
            Touch(node);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var node in _byUse)
                node.Rows!.Dispose();
            _byUse.Clear();
            _roots.Clear();
            Bytes = 0;
        }
    }

    /// <summary>The kept prompt that shares most with the tokens, and how many of them it shares.</summary>
    private (PrefixNode Last, int Shared) Find(string? adapter, ReadOnlySpan<int> tokens)
    {
        if (!_roots.TryGetValue(adapter ?? "", out var node))
            _roots.Add(adapter ?? "", node = PrefixNode.Root());
        var shared = 0;
        while (shared < tokens.Length && node.TryGetChild(shared, tokens[shared], out var child))
        {
            node = child;
            shared += tokens[shared..].CommonPrefixLength(node.Tokens);
        }

        return (node, shared);
    }

    /// <summary>Marks a prompt and all that it hangs below as used just now: what hangs below another is always behind it in the order.</summary>
    private void Touch(PrefixNode node)
    {
        for (var at = node; at.Parent is not null; at = at.Parent)
        {
            _byUse.Remove(at.Place);
            _byUse.AddFirst(at.Place);
        }
    }

    private bool MakeRoom(long bytes)
    {
        if (bytes > mostBytes)
            return false;
        for (var place = _byUse.Last; Bytes + bytes > mostBytes;)
        {
            if (place is null)
                return false;
            var node = place.Value;
            place = place.Previous;
            if (node.Readers > 0 || node.HasChildren)
                continue;
            node.Parent!.Remove(node);
            _byUse.Remove(node.Place);
            Bytes -= node.Bytes;
            node.Rows!.Dispose();
        }

        return true;
    }
}
