using SIDReasoner.Core;

namespace SIDReasoner.Runtime.Interop;

/// <summary>libsidr was asked for and cannot be loaded.</summary>
public sealed class NativeLibraryException : SidReasonerException
{
    /// <summary>Makes the error.</summary>
    /// <param name="fileName">The library's file name.</param>
    /// <param name="attempts">Each place tried, in order.</param>
    public NativeLibraryException(string fileName, IReadOnlyList<NativeLibraryAttempt> attempts)
        : base($"Cannot load '{fileName}': tried {string.Join(", ", attempts)}.\n  Build it with ./build.sh, or set Kernel=Managed (--kernel managed) to run without it.")
    {
        Attempts = attempts;
    }

    /// <summary>Each place tried, in order.</summary>
    public IReadOnlyList<NativeLibraryAttempt> Attempts { get; }
}
