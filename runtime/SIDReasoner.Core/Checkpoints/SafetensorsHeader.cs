using System.Buffers.Binary;
using System.Text.Json;

namespace SIDReasoner.Core.Checkpoints;

/// <summary>Parses and checks the header of one safetensors file: 8 bytes of length, JSON, then data without gaps.</summary>
internal static unsafe class SafetensorsHeader
{
    /// <summary>The format's own limit on the header.</summary>
    public const long MaxBytes = 100_000_000;

    /// <summary>Reads the tensors of a mapped file; everything wrong goes into <paramref name="problems"/>.</summary>
    public static List<TensorInfo> Read(MappedFile file, string path, IDictionary<string, string> metadata, List<string> problems)
    {
        var tensors = new List<TensorInfo>();
        if (file.Length < 8)
        {
            problems.Add($"{file.Length} bytes long; a safetensors file has at least 8. Copy it again.");
            return tensors;
        }

        var claimed = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(file.Pointer, 8));
        if (claimed > MaxBytes || claimed > (ulong)(file.Length - 8))
        {
            problems.Add($"the header claims {claimed} bytes; the file has {file.Length - 8} after the length field (limit {MaxBytes}). Is it complete, and a safetensors file?");
            return tensors;
        }

        var headerLength = (int)claimed;
        var bytes = new ReadOnlySpan<byte>(file.Pointer + 8, headerLength).ToArray();
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes);
        }
        catch (JsonException error)
        {
            problems.Add($"the header of {headerLength} bytes is not valid JSON at byte {error.BytePositionInLine}: {FirstSentence(error.Message)}");
            return tensors;
        }

        using (document)
        {
            if (!JsonText.IsReadable(bytes, document.RootElement))
            {
                problems.Add("the header is not valid UTF-8, or holds half a surrogate pair.");
                return tensors;
            }

            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                problems.Add($"the header is {JsonFile.Name(document.RootElement.ValueKind)}; expected an object.");
                return tensors;
            }

            var dataStart = 8L + headerLength;
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var entry in document.RootElement.EnumerateObject())
            {
                if (!names.Add(entry.Name))
                    problems.Add($"the header has '{entry.Name}' twice.");
                else if (entry.NameEquals("__metadata__"))
                    ReadMetadata(entry.Value, metadata, problems);
                else if (ReadTensor(entry, path, dataStart, file.Length, problems) is { } tensor)
                    tensors.Add(tensor);
            }

            CheckCoverage(tensors, dataStart, file.Length, problems);
        }

        return tensors;
    }

    private static string FirstSentence(string message) => message.Split(" LineNumber", 2)[0];

    private static void ReadMetadata(JsonElement element, IDictionary<string, string> metadata, List<string> problems)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            problems.Add($"__metadata__ is {JsonFile.Name(element.ValueKind)}; expected an object of strings.");
            return;
        }

        foreach (var entry in element.EnumerateObject())
        {
            if (entry.Value.ValueKind == JsonValueKind.String)
                metadata[entry.Name] = entry.Value.GetString()!;
            else
                problems.Add($"__metadata__ '{entry.Name}' is {JsonFile.Name(entry.Value.ValueKind)}; expected a string.");
        }
    }

    private static TensorInfo? ReadTensor(JsonProperty entry, string path, long dataStart, long fileLength, List<string> problems)
    {
        var name = entry.Name;
        var value = entry.Value;
        if (value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("dtype", out var type) || type.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("shape", out var sizes) || sizes.ValueKind != JsonValueKind.Array
            || !value.TryGetProperty("data_offsets", out var offsets) || offsets.ValueKind != JsonValueKind.Array || offsets.GetArrayLength() != 2)
        {
            problems.Add($"tensor '{name}': expected an object with dtype (string), shape (array) and data_offsets (two numbers).");
            return null;
        }

        if (!TensorDTypes.TryParse(type.GetString()!, out var dtype))
        {
            problems.Add($"tensor '{name}': element type '{type.GetString()}' is not supported; expected one of {string.Join(", ", Enum.GetValues<TensorDType>().Select(known => known.FileName()))}.");
            return null;
        }

        var shape = new List<long>();
        Int128 expected = dtype.Size();
        foreach (var size in sizes.EnumerateArray())
        {
            if (size.ValueKind != JsonValueKind.Number || !size.TryGetInt64(out var number) || number < 0)
            {
                problems.Add($"tensor '{name}': shape {sizes.GetRawText()} is not a list of sizes.");
                return null;
            }

            shape.Add(number);
            expected = expected > long.MaxValue ? expected : expected * number;
        }

        if (!TryOffset(offsets[0], out var begin) || !TryOffset(offsets[1], out var end) || begin > end)
        {
            problems.Add($"tensor '{name}': data_offsets {offsets.GetRawText()} are not a range.");
            return null;
        }

        if (end > fileLength - dataStart)
        {
            problems.Add($"tensor '{name}': its data ends at byte {end}, but the file has {fileLength - dataStart} bytes of data. Copy the file again.");
            return null;
        }

        if (expected != end - begin)
        {
            problems.Add($"tensor '{name}': data_offsets span {end - begin} bytes; {dtype.FileName()} [{string.Join(", ", shape)}] needs {expected}.");
            return null;
        }

        return new TensorInfo(name, dtype, shape, path, dataStart + begin, end - begin);
    }

    private static bool TryOffset(JsonElement element, out long offset)
    {
        offset = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out offset) && offset >= 0;
    }

    private static void CheckCoverage(List<TensorInfo> tensors, long dataStart, long fileLength, List<string> problems)
    {
        if (problems.Count > 0)
            return; // a tensor that was refused leaves a gap that is no news
        var at = dataStart;
        TensorInfo? previous = null;
        foreach (var tensor in tensors.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.ByteLength))
        {
            if (tensor.Offset < at)
                problems.Add($"tensor '{tensor.Name}' begins at byte {tensor.Offset - dataStart} of the data, inside '{previous!.Name}', which ends at {at - dataStart}.");
            else if (tensor.Offset > at)
                problems.Add($"bytes {at - dataStart} to {tensor.Offset - dataStart} of the data belong to no tensor; '{tensor.Name}' should begin at {at - dataStart}.");
            at = Math.Max(at, tensor.Offset + tensor.ByteLength);
            previous = tensor;
        }

        if (problems.Count == 0 && at != fileLength)
            problems.Add($"the tensors end at byte {at}; the file has {fileLength}. It may have grown or been joined; copy it again.");
    }
}
