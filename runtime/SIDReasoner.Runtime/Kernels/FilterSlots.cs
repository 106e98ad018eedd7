using SIDReasoner.Core.Tries;

namespace SIDReasoner.Runtime.Kernels;

/// <summary>The node bits of a batch's filters in one array, a slot a request; a filter is written once and found again at the search's next levels.</summary>
internal sealed class FilterSlots
{
    private SidFilter?[] _held = [];
    private ulong[] _words = [];
    private int[] _slotOf = [];
    private int _stride;

    /// <summary>u64 [slots, words of a filter].</summary>
    public ReadOnlySpan<ulong> Words => _words;

    /// <summary>For each request its slot, or -1.</summary>
    public ReadOnlySpan<int> SlotOf => _slotOf;

    /// <summary>Brings the filters of a batch into slots.</summary>
    /// <param name="filters">One a request, null where all items are allowed.</param>
    /// <param name="levels">The trie's levels.</param>
    /// <param name="stride">Words of a filter.</param>
    /// <returns>Whether any request has a filter.</returns>
    public bool Fill(ReadOnlySpan<SidFilter?> filters, int levels, int stride)
    {
        bool any = false;
        foreach (SidFilter? filter in filters)
        {
            any |= filter is not null;
        }

        if (!any)
        {
            return false;
        }

        if (_slotOf.Length < filters.Length || _stride != stride)
        {
            _stride = stride;
            _slotOf = new int[filters.Length];
            _held = new SidFilter?[filters.Length];
            _words = new ulong[checked((long)filters.Length * stride)];
        }

        for (int request = 0; request < filters.Length; request++)
        {
            SidFilter? filter = filters[request];
            _slotOf[request] = filter is null ? -1
                : request > 0 && ReferenceEquals(filter, filters[request - 1]) ? _slotOf[request - 1]
                : request;
            if (_slotOf[request] == request && !ReferenceEquals(_held[request], filter))
            {
                NativeTrie.CopyFilter(filter!, levels, _words.AsSpan(checked(request * stride), stride));
                _held[request] = filter;
            }
        }

        return true;
    }

    /// <summary>Forgets the filters held: those of another trie mean nothing here.</summary>
    public void Clear() => Array.Clear(_held);
}
