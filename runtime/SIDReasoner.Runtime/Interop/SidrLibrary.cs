using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace SIDReasoner.Runtime.Interop;

/// <summary>Finds libsidr and says where it looked: the path of <c>SIDR_LIBRARY</c> where that is set, else beside the program and where packages put it.</summary>
/// <remarks>Looks once a process. Any thread.</remarks>
internal static unsafe partial class SidrLibrary
{
    /// <summary>Names one file to load and no other.</summary>
    public const string PathVariable = "SIDR_LIBRARY";

    private static readonly Lazy<(nint Handle, IReadOnlyList<NativeLibraryAttempt> Attempts)> s_loaded = new(() => Load(Candidates()));

    /// <summary>The library's file name on this system.</summary>
    public static string FileName { get; } = OperatingSystem.IsWindows() ? "sidr.dll" : OperatingSystem.IsMacOS() ? "libsidr.dylib" : "libsidr.so";

    /// <summary>Why the library cannot be used; null where it can.</summary>
    public static NativeLibraryException? Problem => s_loaded.Value.Handle == 0 ? new NativeLibraryException(FileName, s_loaded.Value.Attempts) : null;

    /// <summary>Leads this assembly's calls to the library found.</summary>
    public static void Register() => NativeLibrary.SetDllImportResolver(typeof(SidrLibrary).Assembly, Resolve);

    /// <summary>Tries files in order and takes the first that is libsidr of a version this program can call.</summary>
    /// <param name="paths">Full paths.</param>
    /// <returns>Its handle, 0 where none serves, and each failure on the way.</returns>
    public static (nint Handle, IReadOnlyList<NativeLibraryAttempt> Attempts) Load(IEnumerable<string> paths)
    {
        var attempts = new List<NativeLibraryAttempt>();
        foreach (string path in paths)
        {
            string? reason = TryLoad(path, out nint handle);
            if (reason is null)
            {
                return (handle, attempts);
            }

            attempts.Add(new NativeLibraryAttempt(path, reason));
        }

        return (0, attempts);
    }

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } chosen)
        {
            return [Path.GetFullPath(chosen)];
        }

        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        string platform = $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
        string folders = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return new[] { AppContext.BaseDirectory, Path.Combine(AppContext.BaseDirectory, "runtimes", platform, "native") }
            .Concat(folders.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            .Select(folder => Path.GetFullPath(Path.Combine(folder, FileName)))
            .Distinct();
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath) =>
        name == NativeMethods.Library ? s_loaded.Value.Handle : 0;

    private static string? TryLoad(string path, out nint handle)
    {
        handle = 0;
        if (!File.Exists(path))
        {
            return "not found";
        }

        try
        {
            handle = NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            return Reason(path, error.Message);
        }

        string? problem = Mismatch(handle);
        if (problem is not null)
        {
            NativeLibrary.Free(handle);
            handle = 0;
        }

        return problem;
    }

    private static string? Mismatch(nint handle)
    {
        if (!NativeLibrary.TryGetExport(handle, nameof(NativeMethods.sidr_abi_version), out nint address))
        {
            return $"exports no {nameof(NativeMethods.sidr_abi_version)}";
        }

        uint version = ((delegate* unmanaged<uint>)address)();
        (uint major, uint minor) = (version >> 16, version & 0xFFFF);
        return major == NativeMethods.AbiMajor && minor >= NativeMethods.AbiMinor
            ? null
            : $"has interface {major}.{minor}, this program needs {NativeMethods.AbiMajor}.{NativeMethods.AbiMinor} or a later {NativeMethods.AbiMajor}.x";
    }

    /// <summary>The loader's own reason, out of a message that also tells about debugging tools.</summary>
    private static string Reason(string path, string message)
    {
        Match version = NeededVersion().Match(message);
        if (version.Success)
        {
            return $"needs {version.Groups[1].Value}";
        }

        string last = message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "cannot be loaded";
        return last.StartsWith(path + ": ", StringComparison.Ordinal) ? last[(path.Length + 2)..] : last;
    }

    [GeneratedRegex("version [`'](\\S+)' not found")]
    private static partial Regex NeededVersion();
}
