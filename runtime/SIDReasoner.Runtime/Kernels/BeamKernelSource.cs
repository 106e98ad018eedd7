using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Runtime.Interop;

namespace SIDReasoner.Runtime.Kernels;

/// <summary>The kernel that a recommender's lanes use: its name, and how to make one a lane.</summary>
/// <param name="Name">"native" or "managed".</param>
/// <param name="Note">Why the native kernel does not run although it was not ruled out; null where there is nothing to say.</param>
/// <param name="Create">Makes a kernel for one thread.</param>
internal sealed record BeamKernelSource(string Name, string? Note, Func<IBeamKernel> Create)
{
    /// <summary>The kernel in plain C#, which score mode Reference always selects with.</summary>
    public const string ManagedName = "managed";

    private const string Native = "native";

    /// <summary>Follows an option.</summary>
    /// <exception cref="NativeLibraryException">The native kernel is demanded and libsidr cannot be loaded.</exception>
    public static BeamKernelSource Choose(KernelChoice choice)
    {
        if (choice == KernelChoice.Managed)
        {
            return new BeamKernelSource(ManagedName, null, () => new ManagedBeamKernel());
        }

        NativeLibraryException? problem = NativeBeamKernel.Problem;
        if (problem is null)
        {
            return new BeamKernelSource(Native, null, () => new NativeBeamKernel());
        }

        return choice == KernelChoice.Auto ? new BeamKernelSource(ManagedName, $"{problem.Message.Split('\n')[0]} The managed kernel selects beams instead.", () => new ManagedBeamKernel()) : throw problem;
    }
}
