using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.TestSupport;

/// <summary>Damages safetensors files.</summary>
public static class TensorFile
{
    /// <summary>Changes one value of a float32 tensor where it lies.</summary>
    /// <param name="file">A safetensors file, or a checkpoint's folder.</param>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="place">Which of its values, counted row-major.</param>
    /// <param name="value">What it becomes.</param>
    public static void Overwrite(string file, string tensor, int place, float value)
    {
        TensorInfo info;
        using (SafetensorsReader reader = SafetensorsReader.Open(file))
        {
            info = reader.Tensors[tensor];
        }

        using FileStream stream = File.OpenWrite(info.File);
        stream.Position = info.Offset + ((long)place * sizeof(float));
        stream.Write(BitConverter.GetBytes(value));
    }
}
