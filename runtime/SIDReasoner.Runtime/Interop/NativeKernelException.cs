using SIDReasoner.Core;

namespace SIDReasoner.Runtime.Interop;

/// <summary>A call into libsidr failed.</summary>
public sealed class NativeKernelException : SidReasonerException
{
    /// <summary>Makes the error.</summary>
    /// <param name="status">What the call answered.</param>
    /// <param name="sentence">libsidr's own words for it.</param>
    public NativeKernelException(NativeStatus status, string sentence)
        : base(sentence.Length > 0 ? sentence : $"libsidr answered {status} and gave no reason. Set Kernel=Managed to run without it.")
    {
        Status = status;
    }

    /// <summary>What the call answered.</summary>
    public NativeStatus Status { get; }
}
