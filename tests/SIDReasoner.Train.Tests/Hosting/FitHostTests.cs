using System.Diagnostics;
using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.Text;
using SIDReasoner.Train.Model;
using SIDReasoner.Train.Shop;

namespace SIDReasoner.Train.Tests.Hosting;

public sealed class FitHostTests : IDisposable
{
    private static readonly string[] Small = ["--threads", "1", "--hidden", "32", "--heads", "2", "--mlp", "32", "--layers", "1", "--batch-size", "16", "--beams", "10"];

    private readonly string _folder = Directory.CreateTempSubdirectory("sidr-fit-").FullName;

    private string Shop => Path.Combine(_folder, "shop");

    private string Model => Path.Combine(_folder, "model");

    private string State => Path.Combine(Model, "training", "state.safetensors");

    private string[] Fit => ["fit", "--data", Path.Combine(Shop, "plain"), "--out", Model, "--epochs", "1", .. Small];

    public FitHostTests() => ShopGenerator.Generate(new ShopOptions { TrainUsers = 400, ValidUsers = 20, TestUsers = 40 }).Write(Shop);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Fit_SmallShop_WritesACheckpointThatEvaluateReads()
    {
        string report = Path.Combine(_folder, "report.json");

        (int exitCode, string output, string error) = SidrTrainProcess.Run([.. Fit, "--json", report]);

        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains("last-item Markov", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\x1b', output);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(report));
        double hits = json.RootElement.GetProperty("model").GetProperty("hit_rate").GetProperty("10").GetDouble();
        (exitCode, output, error) = SidrTrainProcess.Run("evaluate", "--checkpoint", Model, "--data", Path.Combine(Shop, "plain"), "--beams", "10", "--threads", "1");
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains(FormattableString.Invariant($"{hits:F4}"), output, StringComparison.Ordinal);
        CheckFolder();
    }

    [Fact]
    public void Fit_KilledAndResumed_GivesTheLossesAndWeightsOfAnUnbrokenRun()
    {
        string[] whole = [.. Fit, "--state-every", "3"];
        Assert.Equal(0, SidrTrainProcess.Run(whole).ExitCode);
        byte[] expected = File.ReadAllBytes(Path.Combine(Model, "model.safetensors"));
        Directory.Delete(Model, recursive: true);
        using (Process process = SidrTrainProcess.Start(whole))
        {
            process.BeginOutputReadLine();
            Assert.True(SpinWait.SpinUntil(() => File.Exists(State) || process.HasExited, TimeSpan.FromMinutes(3)));
            process.Kill();
            process.WaitForExit();
        }

        Assert.True(File.Exists(State), "The run ended before it could be killed.");
        (int exitCode, string output, _) = SidrTrainProcess.Run([.. whole, "--resume"]);

        Assert.Equal(0, exitCode);
        Assert.Contains("Goes on after step", output, StringComparison.Ordinal);
        Assert.Equal(expected, File.ReadAllBytes(Path.Combine(Model, "model.safetensors")));
    }

    [SkippableFact]
    public void Fit_Interrupted_SavesItsStateAndSaysHowToGoOn()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Signals are sent with kill.");
        using Process process = SidrTrainProcess.Start(["fit", "--data", Path.Combine(Shop, "plain"), "--out", Model, "--epochs", "500", "--state-every", "1000000", .. Small]);
        Task<string> error = process.StandardError.ReadToEndAsync();
        while (process.StandardOutput.ReadLine() is { } line && !line.StartsWith("step ", StringComparison.Ordinal))
        {
        }

        // A shell that starts tests in the background makes them ignore SIGINT, and the child inherits that; SIGTERM takes the same path.
        using (Process kill = Process.Start("kill", [IgnoresInterrupt() ? "-TERM" : "-INT", $"{process.Id}"]))
        {
            kill.WaitForExit();
        }

        string rest = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        Assert.Equal((130, ""), (process.ExitCode, error.GetAwaiter().GetResult()));
        Assert.Contains("--resume", rest, StringComparison.Ordinal);
        Assert.True(File.Exists(State));
    }

    /// <summary>Whether this process, and so its children, ignores SIGINT (bit 1 of SigIgn).</summary>
    private static bool IgnoresInterrupt()
    {
        string mask = File.ReadLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)).Split('\t')[1];
        return (Convert.ToUInt64(mask, 16) & 2) != 0;
    }

    [Theory]
    [InlineData("fit", "--data", "/nowhere", "--out", "/nowhere/out")]
    [InlineData("fit", "--data", "/", "--out", "/nowhere/out", "--epochs", "0")]
    [InlineData("fit", "--data", "/", "--out", "/nowhere/out", "--hidden", "100")]
    [InlineData("fit", "--data", "/", "--out", "/nowhere/out", "--seeds", "1,one")]
    [InlineData("fit", "--data", "/", "--out", "/nowhere/out", "--choose", "--with-valid")]
    [InlineData("fit", "--data", "/")]
    [InlineData("evaluate", "--checkpoint", "/nowhere", "--data", "/nowhere")]
    [InlineData("evaluate", "--checkpoint", "/nowhere", "--data", "/nowhere", "--beams", "0")]
    [InlineData("shop", "--out", "/proc/nowhere")]
    [InlineData("train")]
    public void Run_BadInput_OneMessageAndExitCode2(params string[] arguments)
    {
        (int exitCode, string output, string error) = SidrTrainProcess.Run(arguments);

        Assert.Equal(2, exitCode);
        Assert.StartsWith("error: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Equal("", output);
    }

    private void CheckFolder()
    {
        ItemCatalog catalog = ItemCatalog.Load(Shop);
        using CheckpointFolder folder = CheckpointFolder.Open(Model);
        ByteLevelBpeTokenizer tokenizer = ByteLevelBpeTokenizer.Load(Model);
        var vocabulary = tokenizer.SelectSidTokens(catalog.Sids);
        PromptTemplate prompt = PromptTemplate.Load(Model);
        Assert.Equal(folder.Manifest!.SidTokenIds, vocabulary.TokenIds);
        Assert.Equal(folder.Config.VocabSize, tokenizer.VocabSize);
        Assert.Equal([0, .. vocabulary.Encode(catalog.Items[5].Sid)], prompt.Build([catalog.Items[5]], vocabulary, tokenizer));
        using DecoderModel model = DecoderModel.Load(folder);
        Assert.Equal(32, model.Config.HiddenSize);
    }
}
