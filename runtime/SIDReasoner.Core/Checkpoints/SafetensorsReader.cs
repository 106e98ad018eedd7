using System.Collections.ObjectModel;
using System.Text.Json;

namespace SIDReasoner.Core.Checkpoints;

/// <summary>Tensors of one safetensors file or of a folder of them (<c>model.safetensors</c>, or shards named by <c>model.safetensors.index.json</c>), memory-mapped.</summary>
/// <remarks>
/// Everything is checked at <see cref="Open"/>: header length, types, shapes, offsets, overlaps, gaps, the shard index. Reading is then safe on any number of
/// threads until <see cref="Dispose"/>; spans and pointers must not be used after it. A file must not shrink while it is open.
/// Source: the safetensors format (huggingface/safetensors), whose checks these are.
/// </remarks>
public sealed unsafe class SafetensorsReader : IDisposable
{
    /// <summary>The single file's name in a folder.</summary>
    public const string SingleFileName = "model.safetensors";

    /// <summary>The shard index's name in a folder.</summary>
    public const string IndexFileName = "model.safetensors.index.json";

    private readonly Dictionary<string, MappedFile> _mappings;
    private readonly Dictionary<string, TensorInfo> _tensors;
    private bool _disposed;

    private SafetensorsReader(Dictionary<string, MappedFile> mappings, Dictionary<string, TensorInfo> tensors, IDictionary<string, string> metadata, IReadOnlyList<string> files)
    {
        _mappings = mappings;
        _tensors = tensors;
        Metadata = new ReadOnlyDictionary<string, string>(metadata);
        Files = files;
    }

    /// <summary>Every tensor by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    /// <summary>The files' <c>__metadata__</c>, joined; the later shard wins.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Full paths of the safetensors files, in order of name.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Maps and checks a file or folder.</summary>
    /// <exception cref="InvalidFileException">A header, the index or a shard is wrong: every problem found.</exception>
    /// <exception cref="SidReasonerException">Nothing is there, or it cannot be read.</exception>
    public static SafetensorsReader Open(string fileOrFolder)
    {
        ArgumentException.ThrowIfNullOrEmpty(fileOrFolder);
        if (File.Exists(fileOrFolder))
            return OpenFiles(fileOrFolder, [Path.GetFullPath(fileOrFolder)], null);
        if (!Directory.Exists(fileOrFolder))
            throw new SidReasonerException($"'{fileOrFolder}' does not exist; expected a safetensors file or a folder with one.");
        var single = Path.Combine(fileOrFolder, SingleFileName);
        if (File.Exists(single))
            return OpenFiles(single, [Path.GetFullPath(single)], null);
        var index = Path.Combine(fileOrFolder, IndexFileName);
        if (!File.Exists(index))
            throw new SidReasonerException($"'{fileOrFolder}' holds no weights; expected '{SingleFileName}', or '{IndexFileName}' with its shards.");
        var map = ReadIndex(index);
        var files = map.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(name => Path.GetFullPath(Path.Combine(fileOrFolder, name))).ToList();
        return OpenFiles(index, files, map);
    }

    /// <summary>The bytes of a tensor in the mapping; nothing is copied.</summary>
    /// <exception cref="ArgumentException">The tensor has 2 GiB or more: use <see cref="Pointer"/>.</exception>
    public ReadOnlySpan<byte> Bytes(string name)
    {
        var info = Info(name);
        if (info.ByteLength > int.MaxValue)
            throw new ArgumentException($"Tensor '{name}' has {info.ByteLength} bytes, more than a span holds; use Pointer.", nameof(name));
        return new ReadOnlySpan<byte>((void*)Address(info), (int)info.ByteLength);
    }

    /// <summary>The address of a tensor's first byte in the mapping, aligned to its element size where the file is.</summary>
    public nint Pointer(string name) => Address(Info(name));

    /// <summary>A tensor's values as float32, row-major.</summary>
    /// <exception cref="ArgumentException">No such tensor, or not F32, F16 or BF16.</exception>
    public float[] ReadFloats(string name)
    {
        var values = new float[Info(name).ElementCount];
        ReadFloats(name, values);
        return values;
    }

    /// <summary>Copies a tensor's values into the caller's buffer, F16 and BF16 widened (exactly).</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="destination">As long as the tensor has elements.</param>
    /// <exception cref="ArgumentException">No such tensor, not F32, F16 or BF16, or a buffer of another length; nothing is written.</exception>
    public void ReadFloats(string name, Span<float> destination)
    {
        var info = Info(name);
        if (destination.Length != info.ElementCount)
            throw new ArgumentException($"The buffer holds {destination.Length} floats; tensor '{name}' has {info.ElementCount}.", nameof(destination));
        ReadFloats(name, 0, destination);
    }

    /// <summary>Copies part of a tensor's values into the caller's buffer, F16 and BF16 widened (exactly).</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="first">Elements before the part, row-major.</param>
    /// <param name="destination">As long as the part.</param>
    /// <exception cref="ArgumentException">No such tensor, not F32, F16 or BF16, or a part that does not lie inside it; nothing is written.</exception>
    public void ReadFloats(string name, long first, Span<float> destination)
    {
        var info = Info(name);
        if (first < 0 || first > info.ElementCount - destination.Length)
            throw new ArgumentException($"Elements {first} to {first + destination.Length} are asked for; tensor '{name}' has {info.ElementCount}.", nameof(first));
        var address = (byte*)Address(info) + (first * info.DType.Size());
        switch (info.DType)
        {
            case TensorDType.F32:
                new ReadOnlySpan<float>(address, destination.Length).CopyTo(destination);
                break;
            case TensorDType.F16:
                for (var i = 0; i < destination.Length; i++)
                    destination[i] = (float)BitConverter.UInt16BitsToHalf(((ushort*)address)[i]);
                break;
            case TensorDType.BF16:
                for (var i = 0; i < destination.Length; i++)
                    destination[i] = BitConverter.UInt32BitsToSingle((uint)((ushort*)address)[i] << 16);
                break;
            default:
                throw new ArgumentException($"Tensor '{name}' is {info.DType.FileName()}; expected F32, F16 or BF16.", nameof(name));
        }
    }

    /// <summary>Unmaps the files.</summary>
    public void Dispose()
    {
        _disposed = true;
        foreach (var mapping in _mappings.Values)
            mapping.Dispose();
    }

    private TensorInfo Info(string name) => _tensors.TryGetValue(name, out var info)
        ? info
        : throw new ArgumentException($"There is no tensor '{name}' in '{Files[0]}'.", nameof(name));

    private nint Address(TensorInfo info)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return (nint)(_mappings[info.File].Pointer + info.Offset);
    }

    private static SafetensorsReader OpenFiles(string reportAs, List<string> files, Dictionary<string, string>? map)
    {
        var mappings = new Dictionary<string, MappedFile>(StringComparer.Ordinal);
        var tensors = new Dictionary<string, TensorInfo>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var problems = new List<string>();
        try
        {
            foreach (var file in files)
            {
                var prefix = map is null ? "" : $"shard '{Path.GetFileName(file)}': ";
                if (!File.Exists(file))
                {
                    problems.Add($"{prefix}the file is missing.");
                    continue;
                }

                var mapping = MappedFile.Open(file);
                mappings.Add(file, mapping);
                var found = new List<string>();
                foreach (var tensor in SafetensorsHeader.Read(mapping, file, metadata, found))
                {
                    if (map is not null && !map.ContainsKey(tensor.Name))
                        found.Add($"holds tensor '{tensor.Name}', which the index does not name.");
                    else if (map is not null && map[tensor.Name] != Path.GetFileName(file))
                        found.Add($"holds tensor '{tensor.Name}', which the index places in '{map[tensor.Name]}'.");
                    else
                        tensors.Add(tensor.Name, tensor);
                }

                problems.AddRange(found.Select(problem => prefix + problem));
            }

            if (problems.Count == 0 && map is not null)
                problems.AddRange(map.Where(pair => !tensors.ContainsKey(pair.Key)).Select(pair => $"tensor '{pair.Key}' is not in '{pair.Value}', where the index places it."));
            if (problems.Count > 0)
                throw new InvalidFileException(reportAs, problems);
            return new SafetensorsReader(mappings, tensors, metadata, files);
        }
        catch
        {
            foreach (var mapping in mappings.Values)
                mapping.Dispose();
            throw;
        }
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        using var document = JsonFile.ReadObject(path);
        if (!document.RootElement.TryGetProperty("weight_map", out var weights) || weights.ValueKind != JsonValueKind.Object)
            throw new InvalidFileException(path, "expected an object 'weight_map' from tensor to file.");
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        var problems = new List<string>();
        foreach (var entry in weights.EnumerateObject())
        {
            var file = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : "";
            if (file.Length == 0 || file != Path.GetFileName(file) || file is "." or "..")
                problems.Add($"weight_map '{entry.Name}' is {entry.Value.GetRawText()}; expected the name of a file in the same folder.");
            else if (!map.TryAdd(entry.Name, file))
                problems.Add($"weight_map names '{entry.Name}' twice.");
        }

        if (problems.Count == 0 && map.Count == 0)
            problems.Add("weight_map is empty.");
        if (problems.Count > 0)
            throw new InvalidFileException(path, problems);
        return map;
    }
}
