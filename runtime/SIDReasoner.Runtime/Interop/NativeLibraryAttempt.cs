namespace SIDReasoner.Runtime.Interop;

/// <summary>A place where libsidr was looked for in vain.</summary>
/// <param name="Path">The file's full path.</param>
/// <param name="Reason">Why it could not be used, such as "not found" or "needs GLIBC_2.38".</param>
public sealed record NativeLibraryAttempt(string Path, string Reason)
{
    /// <summary>Path and reason, as messages show them.</summary>
    /// <returns>"PATH (REASON)".</returns>
    public override string ToString() => $"{Path} ({Reason})";
}
