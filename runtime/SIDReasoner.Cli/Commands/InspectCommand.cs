using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Core.Hosting;
using SIDReasoner.Runtime.Bundles;

namespace SIDReasoner.Cli.Commands;

/// <summary><c>sidr inspect</c>: what a bundle holds, after comparing every hash.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        Option<string> bundle = CommonOptions.Bundle();
        var json = new Option<bool>("--json") { Description = "Print bundle.json as it is." };
        var command = new Command("inspect", "Compares a bundle's versions and hashes and says what is in it.") { bundle, json };
        command.SetAction((parsed, _) => HostErrors.RunAsync(
            async () =>
            {
                var opened = Bundle.Open(parsed.GetValue(bundle)!);
                if (parsed.GetValue(json))
                {
                    string text = await File.ReadAllTextAsync(opened.FilePath(BundleManifest.FileName)).ConfigureAwait(false);
                    using JsonDocument check = JsonDocument.Parse(text);
                    await Console.Out.WriteLineAsync(text.TrimEnd()).ConfigureAwait(false);
                }
                else
                {
                    Describe(Console.Out, opened);
                }

                return 0;
            },
            Console.Error));
        return command;
    }

    private static void Describe(TextWriter writer, Bundle bundle)
    {
        BundleManifest manifest = bundle.Manifest;
        void Line(string name, FormattableString value) => writer.WriteLine($"{name,-12}{value.ToString(CultureInfo.InvariantCulture)}");
        Line("bundle", $"{bundle.Path} (format {manifest.Version}, all hashes right)");
        Line("model", $"{manifest.Architecture}, {manifest.LayerCount} layers, width {manifest.HiddenSize}, {manifest.VocabSize:N0} tokens");
        Line("context", $"{manifest.Context:N0} text tokens, {manifest.MaxBeams:N0} beams");
        Line("precision", $"{string.Join(", ", manifest.Precisions.Select(precision => precision.Name))}");
        if (manifest.SidTokens is { } tokens)
        {
            Line("catalogue", $"{manifest.ItemCount:N0} items, {manifest.SidCount:N0} SIDs, {manifest.Levels} levels, {tokens.Texts.Count:N0} SID tokens");
            Line("scores", $"{manifest.DefaultScoreMode} by default");
            if (manifest.Agreement is { } agreement)
            {
                foreach (BundleAgreementPair pair in agreement.Pairs)
                {
                    Line("agreement", $"{pair.Precision} {pair.ScoreMode} and {pair.ToPrecision} {pair.ToScoreMode} share {pair.Top10Overlap:P1} of the top 10 on {agreement.Rows:N0} rows");
                }
            }
        }
        else
        {
            Line("catalogue", $"none: text only");
        }

        foreach ((string name, BundleFile file) in manifest.Files.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Line("file", $"{name,-28} {file.Bytes,14:N0} bytes  sha256 {file.Sha256[..16]}…");
        }
    }
}
