using SIDReasoner.Core.Checkpoints;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>What models of 48 MB cost a process that does nothing else, by the kernel's figures of it.</summary>
[Trait("Category", "Slow")]
public sealed class ProcessMemoryTests(ProcessMemoryTests.Bundles bundles) : IClassFixture<ProcessMemoryTests.Bundles>
{
    private const string OnnxRuntime = "onnxruntime";
    private const string GenAi = "genai";
    private const int BeamRows = 50;

    [SkippableTheory]
    [InlineData(OnnxRuntime, TensorDType.F32, 1.1)]
    [InlineData(OnnxRuntime, TensorDType.BF16, 1.6)]
    [InlineData(OnnxRuntime, TensorDType.F16, 1.6)]
    [InlineData(GenAi, TensorDType.F32, 1.1)]
    [InlineData(GenAi, TensorDType.BF16, 1.6)]
    public async Task LoadAndDispose_WeightsAreInMemoryOnceAndGivenBack(string engine, TensorDType dtype, double most)
    {
        MemoryProbe found = await bundles.RunAsync(engine, dtype);

        Assert.InRange(found.Loaded, 0.9 * bundles.Megabytes, most * bundles.Megabytes);
        Assert.InRange(found.Disposed, double.MinValue, 0.3 * bundles.Megabytes);
    }

    [SkippableTheory]
    [InlineData(OnnxRuntime)]
    [InlineData(GenAi)]
    public async Task Load_NoPrepacking_LeavesTheWeightsInTheirFile(string engine)
    {
        MemoryProbe found = await bundles.RunAsync(engine, TensorDType.F32, prepack: false);

        Assert.InRange(found.Loaded, double.MinValue, 10);
        Assert.InRange(found.Peak, double.MinValue, 10 + bundles.CacheMegabytes(3 + BeamRows));
    }

    /// <summary>4,000 * 4,000 scores of 8 heads would be 488 MB; a piece of 512 rows needs at most 62 MB of them.</summary>
    [SkippableTheory]
    [InlineData(OnnxRuntime)]
    [InlineData(GenAi)]
    public async Task Prefill_FourThousandTokens_NeedsNoScoresOfAllRowsAtOnce(string engine)
    {
        const int tokens = 4000;

        MemoryProbe found = await bundles.RunAsync(engine, TensorDType.F32, tokens: tokens);

        double cache = bundles.CacheMegabytes(tokens + BeamRows);
        Assert.InRange(found.Peak, found.Loaded + (0.9 * cache), found.Loaded + cache + 100);
    }

    [SkippableTheory]
    [InlineData(OnnxRuntime)]
    [InlineData(GenAi)]
    public async Task Sessions_SixteenAtOnce_GrowByTheirCachesAlone(string engine)
    {
        const int tokens = 600, count = 16;
        double cache = bundles.CacheMegabytes(tokens + BeamRows);
        MemoryProbe one = await bundles.RunAsync(engine, TensorDType.F32, tokens: tokens);

        MemoryProbe all = await bundles.RunAsync(engine, TensorDType.F32, tokens: tokens, sessions: count);

        // Beside its cache each run needs what one alone needs while it computes.
        double scratch = Math.Max(0, one.Peak - one.Loaded - cache);
        Assert.InRange(all.Peak - all.Loaded, count * cache * 0.5, (count * (cache + scratch)) + 10);
        Assert.InRange(scratch, 0, 40);
    }

    /// <summary>The same sizes in three types of weights, and a tiny bundle that loads the libraries first.</summary>
    public sealed class Bundles : IDisposable
    {
        private readonly RandomCheckpoint _tiny = RandomCheckpoint.Create("qwen3-tied", seed: 51);
        private readonly Dictionary<TensorDType, (RandomCheckpoint Checkpoint, TestBundle Bundle)> _made = [];
        private readonly TestBundle _small;

        public Bundles()
        {
            _small = TestBundle.Of(_tiny);
            foreach (TensorDType dtype in new[] { TensorDType.F32, TensorDType.BF16, TensorDType.F16 })
            {
                var checkpoint = RandomCheckpoint.Create("qwen3-untied", seed: 52, change: MemoryProbe.Sizes, dtype: dtype);
                _made.Add(dtype, (checkpoint, TestBundle.Of(checkpoint)));
            }
        }

        /// <summary>The weights as float32.</summary>
        public double Megabytes => MemoryProbe.Float32Megabytes(_made[TensorDType.F32].Checkpoint);

        public double CacheMegabytes(int rows) => MemoryProbe.CacheMegabytes(_made[TensorDType.F32].Checkpoint.Config, rows);

        public Task<MemoryProbe> RunAsync(string engine, TensorDType dtype, bool prepack = true, int tokens = 3, int sessions = 1) =>
            MemoryProbe.RunAsync(_small.Path, _made[dtype].Bundle.Path, engine, prepack, tokens, sessions);

        public void Dispose()
        {
            _small.Dispose();
            _tiny.Dispose();
            foreach (var (checkpoint, bundle) in _made.Values)
            {
                bundle.Dispose();
                checkpoint.Dispose();
            }
        }
    }
}
