using SIDReasoner.Benchmarks.Decoders.Builder;
using SIDReasoner.Core.Text;
using SIDReasoner.Export.Bundles;
using SIDReasoner.Runtime.Bundles;

namespace SIDReasoner.Benchmarks.Decoders;

/// <summary>A real pretrained model: SmolLM2-135M-Instruct as a hub folder, beside llama.cpp on the GGUF that the folder was made of, and beside the builder's graph.</summary>
internal sealed class SmolLmRace(RivalOptions options, RivalReport report, double bandwidth)
{
    private const int PromptLength = 300;
    private const string Llama = "llama.cpp on the GGUF";
    private const string Text =
        "A heavy duty folding hand truck carries boxes, crates and parcels of up to two hundred pounds over stairs and gravel. Its frame is welded steel, its wheels are solid rubber, and it folds flat for storage behind a door. "
        + "Order two and the second one ships free. Customers also bought ratchet straps, moving blankets and a dolly with four swivel casters. ";

    /// <summary>Measures, or says why not.</summary>
    public void Run()
    {
        report.Line();
        report.Line("## SmolLM2-135M-Instruct");
        string? gguf = Directory.Exists(options.SmolLm) ? Directory.EnumerateFiles(options.SmolLm, "*.gguf").FirstOrDefault() : null;
        if (gguf is null || !File.Exists(Path.Combine(options.SmolLm, "model.safetensors")))
        {
            report.Line($"Skipped: '{options.SmolLm}' does not hold model.safetensors and a .gguf file. Give the model's folder with --smollm DIR.");
            return;
        }

        string root = Directory.CreateTempSubdirectory("sidr-smollm-").FullName;
        try
        {
            string bundle = Path.Combine(root, "bundle");
            BundleExporter.Export(new BundleExportOptions { Checkpoint = options.SmolLm, Output = bundle, Precisions = ModelForms.Ours });
            Race(new RivalFiles(options.SmolLm, Bundle.Open(bundle), root, options.Threads, capacity: 512), gguf);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private void Race(RivalFiles files, string gguf)
    {
        int[] prompt = [.. ByteLevelBpeTokenizer.Load(options.SmolLm).Encode(string.Concat(Enumerable.Repeat(Text, 8))).Take(PromptLength)];
        List<Contender> contenders =
        [
            .. files.Ours(report),
            files.Llama(gguf, Llama),
            files.Builder(BuilderPrecision.Float32), files.Builder(BuilderPrecision.Bits8), files.Builder(BuilderPrecision.Bits4),
        ];
        try
        {
            report.Line($"Prompt of {prompt.Length} tokens of English.");
            TextRace.CheckAgreement("smollm", contenders, prompt, report, MostDistance);
            Dictionary<string, (double Prefill, double Token)> times = TextRace.Run("smollm", contenders, prompt, options.Rounds, bandwidth, report);
            Promise("ours int8", Llama, 1.1, 4);
            Promise("ours int8", "GenAI's builder MatMulNBits 8", 1, 2);
            Promise("ours fp32", "GenAI's builder fp32", 1, 1);

            void Promise(string ours, string rival, double token, double prefill)
            {
                if (times.TryGetValue(ours, out (double Prefill, double Token) own))
                {
                    report.Promise($"SmolLM2, a token: {ours} to {rival}", times[rival].Token / own.Token, token);
                    report.Promise($"SmolLM2, prompt: {ours} to {rival}", times[rival].Prefill / own.Prefill, prefill);
                }
            }
        }
        finally
        {
            contenders.ForEach(contender => contender.Dispose());
        }
    }

    /// <summary>Real activations have outliers, which cost 8 bits more than random weights do; the GGUF's weights are what the folder was made of.</summary>
    private static double MostDistance(Contender contender) => contender.Name switch
    {
        "ours fp32" or "GenAI's builder fp32" => 1e-3,
        // Its outliers cost it 40 % of its perplexity at the builder's 4 bits.
        _ when contender.Name.EndsWith('4') => 1.5,
        _ => 0.25,
    };
}
