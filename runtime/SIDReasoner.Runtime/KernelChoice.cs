namespace SIDReasoner.Runtime;

/// <summary>Which kernel selects beams. All give the same ranking, bit for bit.</summary>
public enum KernelChoice
{
    /// <summary>The native kernel where libsidr can be loaded, else the managed one.</summary>
    Auto,

    /// <summary>The native kernel, or an error that says why it cannot be loaded.</summary>
    Native,

    /// <summary>The managed kernel: plain C#, no native library.</summary>
    Managed,
}
