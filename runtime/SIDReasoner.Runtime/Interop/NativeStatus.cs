namespace SIDReasoner.Runtime.Interop;

/// <summary>What a call into libsidr answers; the numbers of <c>sidr.h</c>.</summary>
public enum NativeStatus
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>An argument is out of range; nothing was written.</summary>
    InvalidArgument = -1,

    /// <summary>The workspace is smaller than asked for; nothing was written.</summary>
    WorkspaceTooSmall = -2,

    /// <summary>Out of memory; nothing was written.</summary>
    OutOfMemory = -3,

    /// <summary>A file cannot be read or written.</summary>
    FileError = -4,

    /// <summary>A file is no valid trie.</summary>
    BadFile = -5,

    /// <summary>Logits lead to NaN or plus infinity; the requests concerned have no result.</summary>
    InvalidLogits = -6,

    /// <summary>No driver, no such device, or no device code in this build.</summary>
    NoDevice = -7,

    /// <summary>The driver failed; outputs are undefined.</summary>
    DeviceError = -8,

    /// <summary>A failure inside the library.</summary>
    InternalError = -9,
}
