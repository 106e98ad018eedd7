using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using SIDReasoner.Runtime.Interop;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Interop;

/// <summary>Sizes, offsets and constants on the managed side against sidr.h, which the machine's C compiler reads here.</summary>
public sealed partial class NativeLayoutTests
{
    private static readonly (Type Managed, string Native)[] s_structs = [(typeof(SidrBeamAdvanceArgs), "sidr_beam_advance_args"), (typeof(SidrTrieInfo), "sidr_trie_info")];

    private static readonly (string Native, long Managed)[] s_constants =
    [
        ("SIDR_ABI_MAJOR", NativeMethods.AbiMajor), ("SIDR_MAX_LEVELS", NativeMethods.MaxLevels), ("SIDR_MAX_BEAMS", NativeMethods.MaxBeams),
        ("SIDR_NODE_DEAD", NativeMethods.NodeDead), ("SIDR_TOKEN_NONE", NativeMethods.TokenNone),
        ("SIDR_SCORE_CHILDREN", NativeMethods.ScoreChildren), ("SIDR_SCORE_GIVEN", NativeMethods.ScoreGiven), ("SIDR_COLUMNS_SID", NativeMethods.ColumnsSid),
        ("SIDR_F32", (long)Decoding.TensorElementType.Float32), ("SIDR_F16", (long)Decoding.TensorElementType.Float16), ("SIDR_BF16", (long)Decoding.TensorElementType.BFloat16),
        .. Enum.GetValues<NativeStatus>().Select(value => ($"SIDR_{Snake(value.ToString()).ToUpperInvariant()}", (long)value)),
        .. Enum.GetValues<CpuLevel>().Select(value => ($"SIDR_CPU_{value.ToString().ToUpperInvariant()}", (long)value)),
    ];

    [SkippableFact]
    public void Structs_SizesOffsetsAndConstants_AreTheHeaders()
    {
        var managed = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var program = new StringBuilder("#include <stdio.h>\n#include \"sidr/sidr.h\"\nint main(void) {\n");
        foreach ((Type type, string native) in s_structs)
        {
            Add($"sizeof({native})", Marshal.SizeOf(type), $"sizeof({native})");
            foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public))
            {
                string name = $"{native}.{Snake(field.Name)}";
                Add($"offsetof {name}", Marshal.OffsetOf(type, field.Name), $"offsetof({native}, {Snake(field.Name)})");
                Add($"sizeof {name}", SizeOf(field), $"sizeof((({native}*)0)->{Snake(field.Name)})");
            }
        }

        foreach ((string native, long value) in s_constants)
        {
            Add(native, value, native);
        }

        IReadOnlyDictionary<string, long> header = Run(program.Append("return 0;\n}\n").ToString());

        Assert.Equal(managed, header);

        void Add(string name, long value, string expression)
        {
            managed.Add(name, value);
            program.Append($"printf(\"{name}\\t%lld\\n\", (long long)({expression}));\n");
        }
    }

    /// <summary>Every field of the header's structures has its counterpart, and every import its declaration.</summary>
    [Fact]
    public void Header_FieldsAndFunctions_AreAllNamed()
    {
        string header = File.ReadAllText(HeaderPath());
        foreach ((Type type, string native) in s_structs)
        {
            string body = Regex.Match(header, $@"typedef struct {native} \{{(.*?)\}} {native};", RegexOptions.Singleline).Groups[1].Value;
            string[] fields = [.. FieldNames().Matches(Comments().Replace(body, "")).Select(match => match.Groups[1].Value)];

            Assert.Equal(fields, type.GetFields(BindingFlags.Instance | BindingFlags.Public).Select(field => Snake(field.Name)));
        }

        string[] imports = [.. typeof(NativeMethods).GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly).Select(method => method.Name).Where(name => name.StartsWith("sidr_", StringComparison.Ordinal))];
        Assert.NotEmpty(imports);
        Assert.All(imports, name => Assert.Matches($@"SIDR_API \w+ {name}\(", header));
    }

    private static string HeaderPath() => Path.Combine(GoldenCases.RepositoryRoot(), "native", "include", "sidr", "sidr.h");

    private static long SizeOf(FieldInfo field)
    {
        if (field.GetCustomAttribute<System.Runtime.CompilerServices.FixedBufferAttribute>() is { } buffer)
        {
            return buffer.Length * (long)Marshal.SizeOf(buffer.ElementType);
        }

        return field.FieldType.IsPointer ? nint.Size : Marshal.SizeOf(field.FieldType);
    }

    private static Dictionary<string, long> Run(string program)
    {
        string folder = Directory.CreateTempSubdirectory("sidr-layout-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "layout.c"), program);
            string include = Path.Combine(GoldenCases.RepositoryRoot(), "native", "include");
            string? missing = Execute("cc", ["-std=c99", "-Wall", "-Werror", "-I", include, "-o", Path.Combine(folder, "layout"), Path.Combine(folder, "layout.c")], out string messages);
            Skip.If(missing is not null, $"No C compiler: {missing}");
            Assert.True(File.Exists(Path.Combine(folder, "layout")), messages);
            Execute(Path.Combine(folder, "layout"), [], out string output);
            return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')).ToDictionary(parts => parts[0], parts => long.Parse(parts[1]));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string? Execute(string file, string[] arguments, out string output)
    {
        output = "";
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            output = process.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
            process.WaitForExit();
            return null;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return error.Message;
        }
    }

    private static string Snake(string name) => WordStart().Replace(name, "_").ToLowerInvariant();

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])")]
    private static partial Regex WordStart();

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comments();

    [GeneratedRegex(@"(\w+)(?:\[[^\]]*\])?;")]
    private static partial Regex FieldNames();
}
