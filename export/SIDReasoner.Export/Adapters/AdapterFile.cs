using System.Runtime.InteropServices;
using System.Text;

namespace SIDReasoner.Export.Adapters;

/// <summary>Writes ONNX Runtime's adapter file, which ONNX Runtime and GenAI both load: names of graph inputs and their values, as a flatbuffer.</summary>
/// <remarks>
/// The schema is ONNX Runtime's (adapter_schema.fbs, identifier "TORT"): table Adapter {format_version, adapter_version, model_version,
/// parameters}, table Parameter {name, dims, data_type, raw_data}, the raw data on a border of 8 bytes. Both tables have four fields of
/// four bytes, so one vtable serves all of them. Offsets count from their own place forward; everything is little-endian.
/// </remarks>
internal sealed class AdapterFile
{
    private const int FormatVersion = 1;
    private const int Float32 = 1;
    private const int VTable = 8;
    private const int FieldCount = 4;

    private readonly MemoryStream _bytes = new();

    private AdapterFile()
    {
    }

    /// <summary>Writes an adapter.</summary>
    public static void Write(Stream target, LoraAdapter adapter)
    {
        var file = new AdapterFile();
        file.Build(adapter);
        file._bytes.WriteTo(target);
    }

    private void Build(LoraAdapter adapter)
    {
        var root = Int(0);
        _bytes.Write("TORT"u8);
        Short(sizeof(short) * (2 + FieldCount));
        Short(sizeof(int) * (1 + FieldCount));
        for (var field = 0; field < FieldCount; field++)
            Short(sizeof(int) * (1 + field));

        PointHere(root);
        Table(FormatVersion, 1, 1, out var parameters);
        PointHere(parameters);
        (string Name, long Rows, long Columns, float[] Values)[] values =
        [
            .. adapter.Layers.SelectMany(layer => new[]
            {
                (LoraLayer.InputA(layer.Name), (long)layer.Rank, (long)layer.Inputs, layer.A),
                (LoraLayer.InputB(layer.Name), (long)layer.Outputs, (long)layer.Rank, layer.B),
            }),
        ];
        Int(values.Length);
        int[] entries = [.. values.Select(_ => Int(0))];
        for (var i = 0; i < values.Length; i++)
        {
            PointHere(entries[i]);
            var first = (int)_bytes.Position + sizeof(int);
            Table(0, 0, Float32, out var data);
            PointHere(first);
            Text(values[i].Name);
            Align(sizeof(long), sizeof(int));
            PointHere(first + sizeof(int));
            Int(2);
            _bytes.Write(BitConverter.GetBytes(values[i].Rows));
            _bytes.Write(BitConverter.GetBytes(values[i].Columns));
            Align(sizeof(long), sizeof(int));
            PointHere(data);
            Int(values[i].Values.Length * sizeof(float));
            _bytes.Write(MemoryMarshal.AsBytes<float>(values[i].Values));
            Align(sizeof(int), 0);
        }
    }

    /// <summary>A table: its distance from the vtable, then the four fields; the last is an offset to come.</summary>
    private void Table(int first, int second, int third, out int offset)
    {
        Int((int)_bytes.Position - VTable);
        Int(first);
        Int(second);
        Int(third);
        offset = Int(0);
    }

    private void Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Int(bytes.Length);
        _bytes.Write(bytes);
        _bytes.WriteByte(0);
    }

    /// <summary>Fills up until what follows <paramref name="ahead"/> more bytes lies on a border.</summary>
    private void Align(int border, int ahead)
    {
        while ((_bytes.Position + ahead) % border != 0)
            _bytes.WriteByte(0);
    }

    private int Int(int value)
    {
        var place = (int)_bytes.Position;
        _bytes.Write(BitConverter.GetBytes(value));
        return place;
    }

    private void Short(int value) => _bytes.Write(BitConverter.GetBytes((short)value));

    private void PointHere(int place)
    {
        var here = (int)_bytes.Position;
        _bytes.Position = place;
        Int(here - place);
        _bytes.Position = here;
    }
}
