using System.Runtime.InteropServices;
using System.Text;
using SIDReasoner.Core;

namespace SIDReasoner.Runtime.GenAI;

/// <summary>Looks for GenAI's native library before its first call, so that a failure says where it was looked for and what was wrong there.</summary>
internal static class GenAiLibrary
{
    private static readonly string s_file =
        OperatingSystem.IsWindows() ? "onnxruntime-genai.dll" : OperatingSystem.IsMacOS() ? "libonnxruntime-genai.dylib" : "libonnxruntime-genai.so";

    /// <summary>Loads the library, or says each path tried.</summary>
    /// <exception cref="SidReasonerException">None of the places holds a library that loads.</exception>
    public static void RequireLoadable() => RequireLoadable(s_file, SearchFolders());

    /// <summary>As <see cref="RequireLoadable()"/>, for a file and folders of the caller's.</summary>
    internal static void RequireLoadable(string file, IEnumerable<string> folders)
    {
        var tried = new StringBuilder();
        foreach (var folder in folders)
        {
            var path = Path.Combine(folder, file);
            if (!File.Exists(path))
            {
                tried.Append($"\n  {path} (not found)");
                continue;
            }

            try
            {
                NativeLibrary.Load(path);
                return;
            }
            catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
            {
                tried.Append($"\n  {path} ({error.Message.ReplaceLineEndings(" ")})");
            }
        }

        throw new SidReasonerException(
            $"Cannot load '{file}', ONNX Runtime GenAI's library, for {RuntimeInformation.RuntimeIdentifier}. Tried:{tried}\nPublish for a platform that package Microsoft.ML.OnnxRuntimeGenAI has, or use engine 'onnxruntime'.");
    }

    /// <summary>Where .NET looks for it: beside the program, in the package's folder there, and in the host's list.</summary>
    private static List<string> SearchFolders()
    {
        var folders = new List<string> { AppContext.BaseDirectory };
        foreach (var platform in new[] { RuntimeInformation.RuntimeIdentifier, PortableIdentifier() }.Distinct())
            folders.Add(Path.Combine(AppContext.BaseDirectory, "runtimes", platform, "native"));
        if (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") is string list)
            folders.AddRange(list.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries));
        return [.. folders.Select(Path.GetFullPath).Select(Path.TrimEndingDirectorySeparator).Distinct(StringComparer.Ordinal)];
    }

    private static string PortableIdentifier()
    {
        var system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
    }
}
