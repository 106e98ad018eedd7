using SIDReasoner.Runtime.Interop;
using SIDReasoner.Runtime.Kernels;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Interop;

public sealed class SidrLibraryTests
{
    [Fact]
    public void Load_NothingServes_NamesEachPathAndItsReason()
    {
        string folder = Directory.CreateTempSubdirectory("sidr-library-").FullName;
        string absent = Path.Combine(folder, "absent.so"), garbage = Path.Combine(folder, "garbage.so");
        File.WriteAllText(garbage, "this is no library");

        (nint handle, IReadOnlyList<NativeLibraryAttempt> attempts) = SidrLibrary.Load([absent, garbage]);
        var error = new NativeLibraryException("libsidr.so", attempts);
        Directory.Delete(folder, recursive: true);

        Assert.Equal(0, handle);
        Assert.Equal([absent, garbage], attempts.Select(attempt => attempt.Path));
        Assert.Equal("not found", attempts[0].Reason);
        Assert.DoesNotContain('\n', attempts[1].Reason);
        Assert.DoesNotContain("strace", attempts[1].Reason, StringComparison.Ordinal);
        Assert.StartsWith($"Cannot load 'libsidr.so': tried {absent} (not found), {garbage} (", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("set Kernel=Managed (--kernel managed) to run without it.", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Load_AnotherLibrary_SaysThatItIsNotOurs()
    {
        string other = Path.Combine(AppContext.BaseDirectory, "libonnxruntime.so");
        other = File.Exists(other) ? other : Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libonnxruntime.so");
        Skip.IfNot(File.Exists(other), "No other library at hand.");

        (nint handle, IReadOnlyList<NativeLibraryAttempt> attempts) = SidrLibrary.Load([other]);

        Assert.Equal(0, handle);
        Assert.Equal("exports no sidr_abi_version", Assert.Single(attempts).Reason);
    }

    [SkippableFact]
    public void Choose_BuiltOnThisMachine_TakesTheNativeKernel()
    {
        string built = Path.Combine(GoldenCases.RepositoryRoot(), "build", "cpu", "native", SidrLibrary.FileName);
        Skip.IfNot(File.Exists(built), $"'{built}' was not built: no C++ compiler on this machine.");

        BeamKernelSource source = BeamKernelSource.Choose(KernelChoice.Auto);

        Assert.Null(NativeBeamKernel.Problem);
        Assert.Equal(("native", null), (source.Name, source.Note));
        Assert.IsType<NativeBeamKernel>(source.Create());
        Assert.Equal("managed", BeamKernelSource.Choose(KernelChoice.Managed).Name);
    }
}
