using System.Text;

namespace SIDReasoner.Benchmarks.Decoders.Gguf;

/// <summary>Writes a GGUF file (version 3): settings, then tensors, each at a multiple of 32 bytes.</summary>
/// <remarks>Format: ggml's docs/gguf.md. Little-endian; a tensor's dimensions are listed innermost first.</remarks>
public sealed class GgufWriter
{
    private const int Version = 3;
    private const int Alignment = 32;
    private const int RowsAtOnce = 512;

    private readonly List<(string Key, object Value)> _settings = [];
    private readonly List<Tensor> _tensors = [];

    /// <summary>Adds a setting: an unsigned integer, a float or a text.</summary>
    public void Add(string key, object value) => _settings.Add((key, value));

    /// <summary>Adds a tensor whose rows are read when the file is written.</summary>
    /// <param name="name">llama.cpp's name of it.</param>
    /// <param name="type">Its form in the file.</param>
    /// <param name="rows">Rows; 1 makes it a vector.</param>
    /// <param name="columns">Values a row.</param>
    /// <param name="read">Fills whole rows, from the row it is given.</param>
    public void Add(string name, GgufType type, int rows, int columns, Action<int, Memory<float>> read) => _tensors.Add(new Tensor(name, type, rows, columns, read));

    /// <summary>Writes the file.</summary>
    /// <param name="path">Its place; an older file there is replaced.</param>
    public void Write(string path)
    {
        using FileStream stream = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((long)_tensors.Count);
        writer.Write((long)_settings.Count);
        foreach ((string key, object value) in _settings)
        {
            Write(writer, key);
            WriteValue(writer, value);
        }

        long offset = 0;
        foreach (Tensor tensor in _tensors)
        {
            Write(writer, tensor.Name);
            long[] dimensions = tensor.Rows == 1 ? [tensor.Columns] : [tensor.Columns, tensor.Rows];
            writer.Write(dimensions.Length);
            foreach (long dimension in dimensions)
            {
                writer.Write(dimension);
            }

            writer.Write((int)tensor.Type);
            writer.Write(offset);
            offset += Padded(GgufBlocks.Bytes(tensor.Type, (long)tensor.Rows * tensor.Columns));
        }

        foreach (Tensor tensor in _tensors)
        {
            writer.Flush();
            writer.Write(new byte[Padded(stream.Position) - stream.Position]);
            WriteRows(writer, tensor);
        }
    }

    private static void WriteRows(BinaryWriter writer, Tensor tensor)
    {
        float[] values = new float[RowsAtOnce * tensor.Columns];
        byte[] bytes = new byte[GgufBlocks.Bytes(tensor.Type, values.Length)];
        for (int row = 0; row < tensor.Rows; row += RowsAtOnce)
        {
            int count = Math.Min(RowsAtOnce, tensor.Rows - row) * tensor.Columns;
            tensor.Read(row, values.AsMemory(0, count));
            Span<byte> encoded = bytes.AsSpan(0, (int)GgufBlocks.Bytes(tensor.Type, count));
            GgufBlocks.Encode(tensor.Type, values.AsSpan(0, count), encoded);
            writer.Write(encoded);
        }
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case uint number:
                writer.Write(4);
                writer.Write(number);
                break;
            case float number:
                writer.Write(6);
                writer.Write(number);
                break;
            case string text:
                writer.Write(8);
                Write(writer, text);
                break;
            default:
                throw new ArgumentException($"A setting is a {value.GetType().Name}; expected uint, float or string.", nameof(value));
        }
    }

    private static void Write(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
    }

    private static long Padded(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private sealed record Tensor(string Name, GgufType Type, int Rows, int Columns, Action<int, Memory<float>> Read);
}
