using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Export.Decoder;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Export.Precision.Calibration;

/// <summary>How large each channel before a product becomes on some prompts, in the float32 decoder.</summary>
internal static class ChannelMagnitudes
{
    /// <summary>Runs the prompts one by one.</summary>
    /// <param name="checkpoint">The decoder.</param>
    /// <param name="folder">An existing folder with the checkpoint's weight files and the rotary tables under their names; a graph is written there and deleted again.</param>
    /// <param name="rotaryRows">Rows of those tables.</param>
    /// <param name="prompts">Token ids; each is cut to the tables' rows.</param>
    /// <returns>A weight's name -> the largest magnitude of each of its input channels, float32 [in]. Projections that share an input stand under the first.</returns>
    public static Dictionary<string, float[]> Measure(CheckpointFolder checkpoint, string folder, int rotaryRows, IReadOnlyList<int[]> prompts)
    {
        OnnxTelemetry.Disable();
        var path = Path.Combine(folder, "calibration.onnx");
        try
        {
            Write(checkpoint, path, rotaryRows);
            using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
            options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
            using var session = new InferenceSession(path, options);
            string[] taps = [.. session.OutputMetadata.Keys.Where(name => name.EndsWith(TapLinearWriter.Suffix, StringComparison.Ordinal))];
            var most = taps.ToDictionary(tap => tap[..^TapLinearWriter.Suffix.Length], _ => Array.Empty<float>());
            foreach (var prompt in prompts)
                Run(session, checkpoint, [.. prompt.Take(rotaryRows)], taps, most);
            return most;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Write(CheckpointFolder checkpoint, string path, int rotaryRows)
    {
        var layout = new HeadLayout(DecoderGraph.HeadWeight(checkpoint), [], []);
        var model = DecoderGraph.Build(
            checkpoint,
            layout,
            rotaryRows,
            graph =>
            {
                var weights = new CheckpointWeights(graph, checkpoint.Weights);
                return new DecoderScope(graph, checkpoint.Config, weights, new TapLinearWriter(new Float32LinearWriter(graph, weights), graph));
            },
            "calibration");
        using var stream = File.Create(path);
        model.WriteTo(stream);
    }

    private static void Run(InferenceSession session, CheckpointFolder checkpoint, int[] prompt, string[] taps, Dictionary<string, float[]> most)
    {
        // Log-sum-exps of every row: what follows the last attention then runs over the whole prompt.
        long[] control = [0, 0, 0, 0, 0, 1, 0, prompt.Length, 0];
        var values = new List<(string Name, OrtValue Value)>
        {
            ("input_ids", OrtValue.CreateTensorValueFromMemory(prompt.Select(id => (long)id).ToArray(), [1, prompt.Length])),
            ("attention_mask", OrtValue.CreateTensorValueFromMemory(Enumerable.Repeat(1L, prompt.Length).ToArray(), [1, prompt.Length])),
            ("num_logits_to_keep", OrtValue.CreateTensorValueFromMemory(control, [control.Length])),
        };
        foreach (var name in session.InputNames.Where(name => name.StartsWith("past_key_values", StringComparison.Ordinal)))
            values.Add((name, OrtValue.CreateTensorValueFromMemory(Array.Empty<float>(), [1, checkpoint.Config.KvHeadCount, 0, checkpoint.Config.HeadSize])));
        try
        {
            using var options = new RunOptions();
            using var results = session.Run(options, [.. values.Select(v => v.Name)], [.. values.Select(v => v.Value)], taps);
            for (var i = 0; i < taps.Length; i++)
            {
                var name = taps[i][..^TapLinearWriter.Suffix.Length];
                var found = results[i].GetTensorDataAsSpan<float>();
                if (most[name].Length == 0)
                    most[name] = new float[found.Length];
                for (var channel = 0; channel < found.Length; channel++)
                    most[name][channel] = Math.Max(most[name][channel], found[channel]);
            }
        }
        finally
        {
            foreach (var (_, value) in values)
                value.Dispose();
        }
    }
}
