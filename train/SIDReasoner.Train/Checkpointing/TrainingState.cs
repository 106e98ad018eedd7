using System.Globalization;
using SIDReasoner.Core;
using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Train.Checkpointing;

/// <summary>What a killed training run needs to go on as if nothing had happened, in one safetensors file.</summary>
/// <remarks>
/// Data order and dropout follow from the seed and the step alone, so no generator's state is kept. Written under a temporary name, flushed
/// and renamed: after a kill at any moment the file is the last complete state.
/// </remarks>
/// <param name="Fingerprint">Of settings and data; a run with others must not go on from here.</param>
/// <param name="Step">Updates made.</param>
/// <param name="Values">Parameters, in the model's flat layout.</param>
/// <param name="Mean">AdamW's first moment.</param>
/// <param name="Variance">AdamW's second moment.</param>
/// <param name="Average">Running average of the parameters; empty where none is kept.</param>
/// <param name="Losses">The loss of every update so far.</param>
/// <param name="Seconds">Wall time of training so far, in all processes.</param>
/// <param name="CpuSeconds">Processor time of training so far, all threads of all processes.</param>
internal sealed record TrainingState(
    string Fingerprint, int Step, float[] Values, float[] Mean, float[] Variance, float[] Average, float[] Losses, double Seconds, double CpuSeconds)
{
    private const string VersionText = "1";

    /// <summary>Writes the state; the old file stays until the new one is complete.</summary>
    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        TensorData[] tensors =
        [
            TensorData.FromFloats("values", [Values.Length], Values),
            TensorData.FromFloats("mean", [Mean.Length], Mean),
            TensorData.FromFloats("variance", [Variance.Length], Variance),
            TensorData.FromFloats("average", [Average.Length], Average),
            TensorData.FromFloats("losses", [Losses.Length], Losses),
        ];
        SafetensorsWriter.Write(path, tensors, new Dictionary<string, string>
        {
            ["version"] = VersionText,
            ["fingerprint"] = Fingerprint,
            ["step"] = Step.ToString(CultureInfo.InvariantCulture),
            ["seconds"] = Seconds.ToString("R", CultureInfo.InvariantCulture),
            ["cpu_seconds"] = CpuSeconds.ToString("R", CultureInfo.InvariantCulture),
        });
    }

    /// <summary>Reads a state and compares its fingerprint.</summary>
    /// <exception cref="SidReasonerException">The file is damaged, of another version or of another run.</exception>
    public static TrainingState Load(string path, string fingerprint)
    {
        using var reader = SafetensorsReader.Open(path);
        string version = reader.Metadata.GetValueOrDefault("version", "(none)");
        double seconds = 0, cpuSeconds = 0;
        bool isComplete = int.TryParse(reader.Metadata.GetValueOrDefault("step"), CultureInfo.InvariantCulture, out int step)
            && double.TryParse(reader.Metadata.GetValueOrDefault("seconds"), CultureInfo.InvariantCulture, out seconds)
            && double.TryParse(reader.Metadata.GetValueOrDefault("cpu_seconds"), CultureInfo.InvariantCulture, out cpuSeconds);
        if (version != VersionText || !isComplete)
        {
            throw new SidReasonerException($"'{path}' is a training state of version '{version}'; this program reads version {VersionText}. Start anew without --resume.");
        }

        string found = reader.Metadata.GetValueOrDefault("fingerprint", "");
        if (found != fingerprint)
        {
            throw new SidReasonerException($"'{path}' was made with other settings or data (fingerprint '{found}'; this run has '{fingerprint}'). Use the options of that run, or start anew without --resume.");
        }

        return new TrainingState(
            found, step, reader.ReadFloats("values"), reader.ReadFloats("mean"), reader.ReadFloats("variance"), reader.ReadFloats("average"), reader.ReadFloats("losses"), seconds, cpuSeconds);
    }
}
