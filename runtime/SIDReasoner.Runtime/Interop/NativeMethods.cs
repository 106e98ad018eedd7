using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace SIDReasoner.Runtime.Interop;

/// <summary>The calls of <c>native/include/sidr/sidr.h</c> that this library makes, under their names there, so that one search finds both sides.</summary>
internal static unsafe partial class NativeMethods
{
    /// <summary>The library's name for the loader.</summary>
    public const string Library = "sidr";

    /// <summary><c>SIDR_ABI_MAJOR</c>: another one is refused.</summary>
    public const uint AbiMajor = 1;

    /// <summary>The lowest <c>SIDR_ABI_MINOR</c> that has every call below.</summary>
    public const uint AbiMinor = 1;

    /// <summary><c>SIDR_MAX_LEVELS</c>.</summary>
    public const int MaxLevels = 8;

    /// <summary><c>SIDR_MAX_BEAMS</c>, of one request.</summary>
    public const int MaxBeams = 1024;

    /// <summary><c>SIDR_NODE_DEAD</c>.</summary>
    public const uint NodeDead = uint.MaxValue;

    /// <summary><c>SIDR_TOKEN_NONE</c>.</summary>
    public const uint TokenNone = uint.MaxValue;

    /// <summary><c>SIDR_SCORE_CHILDREN</c>.</summary>
    public const uint ScoreChildren = 0;

    /// <summary><c>SIDR_SCORE_GIVEN</c>.</summary>
    public const uint ScoreGiven = 1;

    /// <summary><c>SIDR_COLUMNS_SID</c>.</summary>
    public const uint ColumnsSid = 0;

    static NativeMethods() => SidrLibrary.Register();

    [LibraryImport(Library)]
    [SuppressGCTransition]
    internal static partial uint sidr_abi_version();

    [LibraryImport(Library)]
    internal static partial ulong sidr_last_error(byte* buffer, ulong bytes);

    [LibraryImport(Library)]
    internal static partial NativeStatus sidr_cpu_set(CpuLevel level);

    [LibraryImport(Library)]
    internal static partial CpuLevel sidr_cpu_get();

    [LibraryImport(Library)]
    internal static partial NativeStatus sidr_trie_map(void* image, ulong bytes, out SafeTrieHandle trie);

    [LibraryImport(Library)]
    internal static partial NativeStatus sidr_trie_close(nint trie);

    [LibraryImport(Library)]
    internal static partial NativeStatus sidr_trie_get_info(SafeTrieHandle trie, ref SidrTrieInfo info);

    [LibraryImport(Library)]
    internal static partial NativeStatus sidr_filter_words(SafeTrieHandle trie, out ulong words);

    [LibraryImport(Library)]
    internal static partial NativeStatus sidr_beam_advance_workspace_size(SafeTrieHandle trie, in SidrBeamAdvanceArgs args, out ulong bytes);

    [LibraryImport(Library)]
    internal static partial NativeStatus sidr_beam_advance(SafeTrieHandle trie, in SidrBeamAdvanceArgs args);
}
