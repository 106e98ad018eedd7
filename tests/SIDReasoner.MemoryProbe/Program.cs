using System.Globalization;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.GenAI;
using SIDReasoner.Runtime.Model;

// SMALL BUNDLE ENGINE PREPACK TOKENS SESSIONS: kilobytes of anonymous memory at each point, one "name value" a line.
var (small, path, engine, prepack) = (args[0], args[1], args[2], args[3] == "prepack");
var (tokens, sessions) = (int.Parse(args[4], CultureInfo.InvariantCulture), int.Parse(args[5], CultureInfo.InvariantCulture));

// The libraries' own data and the runtime's code are there before, so that what follows is the model's.
using (var model = Load(small))
    Request(model, 3, 1);

Print("before");
using (var model = Load(path))
{
    Print("loaded");
    using var peak = new Peak();
    Request(model, tokens, sessions);
    Console.WriteLine($"peak {peak.Stop()}");
}

Print("disposed");

IDecoderEngine Load(string folder) => engine == GenAiEngine.EngineName
    ? GenAiEngine.Load(Bundle.Open(folder), new GenAiEngineOptions { Threads = 1, Prepack = prepack })
    : OnnxModel.Load(Bundle.Open(folder), new OnnxModelOptions { Threads = 1, Prepack = prepack });

// The sessions run at once, each on a thread of its own, and all caches are there until the last has ended.
static void Request(IDecoderEngine model, int tokens, int count)
{
    var made = Enumerable.Range(0, count).Select(_ => model.CreateSession()).ToList();
    Parallel.ForEach(made, new ParallelOptions { MaxDegreeOfParallelism = count }, session =>
    {
        session.AppendTokens([.. Enumerable.Range(0, tokens).Select(i => i * 7 % 40)], StepOutputs.SidLogits | StepOutputs.LogSumExp);
        session.AppendBeams([.. Enumerable.Repeat(41, 50)], [.. Enumerable.Repeat(-1, 50)], StepOutputs.SidLogits | StepOutputs.LogSumExp);
    });
    made.ForEach(session => session.Dispose());
}

static void Print(string name)
{
    for (var i = 0; i < 3; i++)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    Console.WriteLine($"{name} {Peak.Anonymous("/proc/self/smaps_rollup", "Anonymous:")}");
}

/// <summary>The most anonymous memory from its making on, looked at every millisecond.</summary>
internal sealed class Peak : IDisposable
{
    private readonly Thread _thread;
    private volatile bool _stops;
    private long _most;

    public Peak()
    {
        _thread = new Thread(Watch) { Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    /// <summary>Ends the watch.</summary>
    public long Stop()
    {
        _stops = true;
        _thread.Join();
        return _most;
    }

    public void Dispose() => Stop();

    /// <summary>Kilobytes of a line of the kernel's.</summary>
    public static long Anonymous(string file, string name) =>
        long.Parse(File.ReadLines(file).First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    private void Watch()
    {
        while (!_stops)
        {
            _most = Math.Max(_most, Anonymous("/proc/self/status", "RssAnon:"));
            Thread.Sleep(1);
        }
    }
}
