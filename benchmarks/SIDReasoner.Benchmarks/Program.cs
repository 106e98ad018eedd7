using System.Globalization;
using BenchmarkDotNet.Running;
using SIDReasoner.Benchmarks.GenAi;

if (args is ["genai-rivals", ..])
{
    GenAiRivals.Run(rounds: args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 15);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
