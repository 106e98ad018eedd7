using System.Text;

namespace SIDReasoner.Runtime.Interop;

/// <summary>From a status to an exception.</summary>
internal static unsafe class NativeStatusExtensions
{
    private const int MaxSentence = 2048;

    /// <summary>Throws where a call failed. Must follow the call on the same thread: the sentence is that thread's last.</summary>
    /// <exception cref="NativeKernelException">The call failed; the message is libsidr's own sentence.</exception>
    public static void ThrowIfFailed(this NativeStatus status)
    {
        if (status != NativeStatus.Ok)
        {
            throw new NativeKernelException(status, LastError());
        }
    }

    private static string LastError()
    {
        byte* buffer = stackalloc byte[MaxSentence];
        ulong length = NativeMethods.sidr_last_error(buffer, MaxSentence);
        return Encoding.UTF8.GetString(buffer, (int)Math.Min(length, MaxSentence - 1));
    }
}
