using BenchmarkDotNet.Attributes;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;

namespace SIDReasoner.Benchmarks;

/// <summary>
/// What does walking the trie save over masking? One search of three levels for one request, Catalog scores, the model's logits given:
/// the managed kernel against a dense mask, a log-softmax over all SID columns and a full sort.
/// </summary>
[MemoryDiagnoser]
public class SearchKernelBenchmarks
{
    private const int Levels = 3;
    private const int CodesPerLevel = 256;
    private const float Tolerance = 1e-4f;

    private readonly ManagedBeamKernel _kernel = new();
    private readonly BeamBatch _beams = new();
    private readonly float[][] _logits = new float[Levels][];
    private SidTrie _trie = null!;
    private DenseMaskSearch _naive = null!;

    /// <summary>Items of the catalog, random SIDs of 3 levels with 256 codes each.</summary>
    [Params(1_000, 1_000_000)]
    public int Items { get; set; }

    /// <summary>Beams kept (W).</summary>
    [Params(10, 256)]
    public int Beams { get; set; }

    /// <summary>Builds catalog and logits, and checks that both searches find the same.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        int[] sids = new int[Items * Levels];
        for (int i = 0; i < sids.Length; i++)
        {
            sids[i] = ((i % Levels) * CodesPerLevel) + random.Next(CodesPerLevel);
        }

        int[] columns = [.. Enumerable.Range(0, Levels * CodesPerLevel)];
        _trie = SidTrieBuilder.Build(sids, Levels, columns);
        _naive = new DenseMaskSearch(sids, Levels, columns.Length);
        for (int level = 0; level < Levels; level++)
        {
            // Pinned, since the kernel reads logits where they lie.
            _logits[level] = GC.AllocateUninitializedArray<float>(Beams * columns.Length, pinned: true);
            foreach (ref float logit in _logits[level].AsSpan())
            {
                logit = (random.NextSingle() * 16) - 8;
            }
        }

        CheckAgreement();
    }

    /// <summary>Frees the trie.</summary>
    [GlobalCleanup]
    public void Cleanup() => _trie.Dispose();

    /// <summary>Mask, log-softmax and sort over every SID column of every beam.</summary>
    [Benchmark(Baseline = true)]
    public float DenseMask() => _naive.Search(_logits, Beams)[0].Score;

    /// <summary>The managed kernel over the trie.</summary>
    [Benchmark]
    public float ManagedKernel()
    {
        RunKernel();
        return _beams.Scores[0];
    }

    private unsafe void RunKernel()
    {
        _beams.Reset([Beams]);
        for (int level = 0; level < Levels; level++)
        {
            for (int beam = 0; beam < _beams.Count(0); beam++)
            {
                _beams.Rows[beam] = beam;
            }

            fixed (float* logits = _logits[level])
            {
                var view = new LogitsView((nint)logits, TensorElementType.Float32, DeviceKind.Cpu, Beams, _trie.ColumnCount);
                _kernel.Advance(_trie, view, LogitsView.Empty, [], _beams);
            }
        }
    }

    private void CheckAgreement()
    {
        DenseMaskSearch.Beam[] expected = _naive.Search(_logits, Beams);
        RunKernel();
        if (_beams.Count(0) != expected.Length)
        {
            throw new InvalidOperationException($"The kernel found {_beams.Count(0)} SIDs; the dense mask {expected.Length}.");
        }

        for (int i = 0; i < expected.Length; i++)
        {
            bool tied = Near(expected, i, -1) || Near(expected, i, 1);
            bool sameScore = Math.Abs(expected[i].Score - _beams.Scores[i]) <= Tolerance;
            if (!sameScore || (!tied && expected[i].Column != _beams.Tokens[i]))
            {
                throw new InvalidOperationException(
                    $"Rank {i}: the kernel has token {_beams.Tokens[i]} with {_beams.Scores[i]}, the dense mask {expected[i].Column} with {expected[i].Score}.");
            }
        }
    }

    private static bool Near(DenseMaskSearch.Beam[] beams, int place, int step) =>
        place + step >= 0 && place + step < beams.Length && Math.Abs(beams[place].Score - beams[place + step].Score) <= 2 * Tolerance;
}
