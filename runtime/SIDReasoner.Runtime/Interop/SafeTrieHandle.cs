using System.Runtime.InteropServices;

namespace SIDReasoner.Runtime.Interop;

/// <summary>A <c>sidr_trie*</c>; closed once, whatever happens.</summary>
internal sealed class SafeTrieHandle : SafeHandle
{
    /// <summary>For the marshaller: no trie yet.</summary>
    public SafeTrieHandle()
        : base(0, ownsHandle: true)
    {
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => NativeMethods.sidr_trie_close(handle) == NativeStatus.Ok;
}
