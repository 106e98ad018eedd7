using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using SIDReasoner.Core;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Core.Hosting;
using SIDReasoner.Export.Bundles;

namespace SIDReasoner.Export;

/// <summary>The command line of <c>sidr-export</c>.</summary>
internal static class ExportCommand
{
    private const string Description =
        """
        Turns a Hugging Face folder (Qwen3, Qwen2 or Llama) and a catalogue into a bundle that SIDReasoner, ONNX Runtime and
        ONNX Runtime GenAI open.

        The bundle's model.onnx is a graph of some 6 KB a layer over the checkpoint's own safetensors files: weights are hard-linked, not
        rewritten. A bundle already at --out is replaced once the new one is complete.

        Examples:
          sidr-export --checkpoint out/checkpoint --catalog out/shop --out out/bundle
          sidr-export --checkpoint Qwen3-0.6B --out bundle                      (text alone)
          sidr-export --checkpoint model --catalog data --out bundle --context 2048 --max-beams 64
          sidr-export --checkpoint model --catalog data --out bundle --precision fp32,int8

        Exit codes: 0 done; 2 something in the input must be put right (one message says what); nothing is left half-written.
        """;

    /// <summary>Parses and runs; every mistake is one message and an exit code.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var parsed = Create().Parse(args);
        if (parsed.Errors.Count > 0)
            return HostErrors.BadUsage("sidr-export", parsed.Errors.Select(problem => problem.Message), error);
        return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error }).ConfigureAwait(false);
    }

    private static RootCommand Create()
    {
        var checkpoint = new Option<string>("--checkpoint") { Description = "Hugging Face folder: config.json and safetensors weights.", Required = true, HelpName = "DIR" };
        var catalog = new Option<string?>("--catalog") { Description = "Folder of the catalogue: MiniOneRec's files, or items.jsonl. Without it the bundle is for text alone.", HelpName = "DIR" };
        var output = new Option<string>("--out") { Description = "Folder to make.", Required = true, HelpName = "DIR" };
        var context = new Option<int?>("--context") { Description = "Most text tokens of a request. Default: the checkpoint's positions, at most 4096.", HelpName = "N" };
        var beams = new Option<int?>("--max-beams") { Description = "Beams that fit after a full context, 1 to 1024. Default: 256, or as many as a search of 1024 beams over this catalogue needs.", HelpName = "N" };
        var precision = new Option<string>("--precision") { Description = "Forms of the weights, separated by commas, the default one first: fp32, int8 (8 bits by rows, for prompts and search; needs VNNI to run), int4 (4 bits in blocks of 32, smallest, fastest for single tokens, least exact).", HelpName = "LIST", DefaultValueFactory = _ => "fp32" };
        var calibration = new Option<string?>("--calibration") { Description = "With int8 or int4: prompts on which outlier channels are measured, JSON Lines of {\"text\"} or {\"prompt_ids\"}. Default: prompts drawn from the catalogue.", HelpName = "FILE.jsonl" };
        var adapter = new Option<string[]>("--adapter") { Description = "A LoRA adapter as peft saves it, which requests then name; may be given several times.", HelpName = "NAME=DIR" };
        var end = new Option<string?>("--reference-end") { Description = "Token ids of newline and end of turn, for score mode 'reference'. Default: from tokenizer.json and prompt.json.", HelpName = "A,B" };
        var json = new Option<bool>("--json") { Description = "Print what was written as one JSON object." };
        var command = new RootCommand(Description) { checkpoint, catalog, output, context, beams, precision, calibration, adapter, end, json };
        command.SetAction((parsed, _) => HostErrors.RunAsync(
            async () =>
            {
                var options = new BundleExportOptions
                {
                    Checkpoint = parsed.GetRequiredValue(checkpoint),
                    Catalog = parsed.GetValue(catalog),
                    Output = parsed.GetRequiredValue(output),
                    Context = parsed.GetValue(context),
                    MaxBeams = parsed.GetValue(beams),
                    Precisions = parsed.GetValue(precision)!.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                    Calibration = parsed.GetValue(calibration),
                    Adapters = ParseAdapters(parsed.GetValue(adapter) ?? []),
                    ReferenceEnd = ParseIds(parsed.GetValue(end)),
                };
                var manifest = BundleExporter.Export(options);
                await parsed.InvocationConfiguration.Output.WriteLineAsync(
                    parsed.GetValue(json) ? Json(options, manifest) : Sentence(options, manifest)).ConfigureAwait(false);
                return 0;
            },
            parsed.InvocationConfiguration.Error));
        return command;
    }

    private static Dictionary<string, string> ParseAdapters(string[] texts)
    {
        var adapters = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var at = text.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0 || at == text.Length - 1)
                throw new SidReasonerException($"--adapter is '{text}'; expected NAME=DIR.");
            if (!adapters.TryAdd(text[..at], text[(at + 1)..]))
                throw new SidReasonerException($"--adapter names '{text[..at]}' twice; expected a name each.");
        }

        return adapters;
    }

    private static int[]? ParseIds(string? text)
    {
        if (text is null)
            return null;
        try
        {
            return [.. text.Split(',').Select(part => int.Parse(part, NumberStyles.None, CultureInfo.InvariantCulture))];
        }
        catch (Exception error) when (error is FormatException or OverflowException)
        {
            throw new SidReasonerException($"--reference-end is '{text}'; expected two token ids, such as 198,151645.");
        }
    }

    private static string Sentence(BundleExportOptions options, BundleManifest manifest)
    {
        var items = manifest.SidTokens is null
            ? "text alone"
            : $"{manifest.ItemCount.ToString("N0", CultureInfo.InvariantCulture)} items, {manifest.SidCount.ToString("N0", CultureInfo.InvariantCulture)} SIDs of up to {manifest.Levels} tokens";
        return $"Wrote '{options.Output}': {manifest.Architecture}, {manifest.LayerCount} layers, {items}; context {manifest.Context}, {manifest.MaxBeams} beams, {string.Join(", ", manifest.Precisions.Select(p => p.Name))}{Folding(manifest)}.";
    }

    private static string Folding(BundleManifest manifest) =>
        manifest.Precisions.All(p => p.Name == Precision.PrecisionForms.Float32) ? ""
        : manifest.CalibrationPrompts > 0 ? $" (channels measured on {manifest.CalibrationPrompts} prompts)"
        : " (channels as they are: no prompts to measure them on; --calibration FILE gives some)";

    private static string Json(BundleExportOptions options, BundleManifest manifest)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("bundle", options.Output);
            json.WriteString("architecture", manifest.Architecture);
            json.WriteString("model_digest", manifest.ModelDigest);
            json.WriteNumber("items", manifest.ItemCount);
            json.WriteNumber("sids", manifest.SidCount);
            json.WriteNumber("levels", manifest.Levels);
            json.WriteNumber("context", manifest.Context);
            json.WriteNumber("max_beams", manifest.MaxBeams);
            json.WriteStartArray("precisions");
            foreach (var precision in manifest.Precisions)
                json.WriteStringValue(precision.Name);
            json.WriteEndArray();
            json.WriteNumber("calibration_prompts", manifest.CalibrationPrompts);
            json.WriteNumber("bytes", manifest.Files.Values.Sum(f => f.Bytes));
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}
