using System.Globalization;
using BenchmarkDotNet.Running;
using SIDReasoner.Benchmarks;
using SIDReasoner.Benchmarks.Decoders;
using SIDReasoner.Benchmarks.GenAi;
using SIDReasoner.Benchmarks.Prefixes;
using SIDReasoner.Benchmarks.Static;

if (args is ["genai-rivals", ..])
{
    GenAiRivals.Run(rounds: args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 15);
    return;
}

if (args is ["static-rivals", ..])
{
    StaticRivals.Run(rounds: args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 15);
    return;
}

if (args is ["decoder-rivals", ..])
{
    DecoderRivals.Run(args.AsSpan(1));
    return;
}

if (args is ["prefix-reuse", ..])
{
    PrefixReuse.Run(rounds: args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 15);
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(SearchKernelBenchmarks).Assembly).Run(args);
