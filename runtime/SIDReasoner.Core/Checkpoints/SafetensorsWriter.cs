using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace SIDReasoner.Core.Checkpoints;

/// <summary>Writes safetensors files that any reader of the format loads.</summary>
public static class SafetensorsWriter
{
    /// <summary>Writes one file, whole or not at all (<see cref="AtomicFile"/>).</summary>
    /// <param name="path">The file to make.</param>
    /// <param name="tensors">Written widest elements first, then by name in code-point order, whatever their order here: the same tensors give the same bytes.</param>
    /// <param name="metadata">The header's <c>__metadata__</c>; null writes <c>{"format":"pt"}</c>, which transformers asks for.</param>
    /// <exception cref="ArgumentException">Two tensors share a name, or bytes and shape disagree. Nothing is written.</exception>
    /// <exception cref="SidReasonerException">The file cannot be written; an old one is as it was.</exception>
    public static void Write(string path, IReadOnlyList<TensorData> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var ordered = tensors.OrderByDescending(tensor => tensor.DType.Size()).ThenBy(tensor => tensor.Name, StringComparer.Ordinal).ToList();
        var header = Header(ordered, metadata ?? new Dictionary<string, string> { ["format"] = "pt" });
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (var tensor in ordered)
                stream.Write(tensor.Bytes.Span);
        });
    }

    private static byte[] Header(List<TensorData> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    json.WriteString(key, value);
                json.WriteEndObject();
            }

            var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
            long offset = 0;
            foreach (var tensor in tensors)
            {
                if (!names.Add(tensor.Name))
                    throw new ArgumentException($"Two tensors are named '{tensor.Name}'.", nameof(tensors));
                var expected = tensor.Shape.Aggregate((long)tensor.DType.Size(), (product, size) => checked(product * size));
                if (expected != tensor.Bytes.Length)
                    throw new ArgumentException($"Tensor '{tensor.Name}' holds {tensor.Bytes.Length} bytes; expected {expected} for {tensor.DType.FileName()} [{string.Join(", ", tensor.Shape)}].", nameof(tensors));
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.DType.FileName());
                json.WriteStartArray("shape");
                foreach (var size in tensor.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += expected);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Blanks bring the data to a multiple of 8, so that doubles and 64-bit integers are aligned in a mapping.
        var padded = new byte[(buffer.WrittenCount + 7) & ~7];
        padded.AsSpan().Fill((byte)' ');
        buffer.WrittenSpan.CopyTo(padded);
        return padded;
    }
}
