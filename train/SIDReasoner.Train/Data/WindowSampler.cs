using SIDReasoner.Train.Quantization;

namespace SIDReasoner.Train.Data;

/// <summary>Cuts chains into windows and windows into length buckets: begin of sequence, then the SID tokens of up to N items.</summary>
/// <remarks>
/// Epoch e of a seed is always the same batches, whatever ran before, so a resumed run goes on with the very next one. Chains longer than a
/// window are cut at places drawn anew each epoch; neighboring windows share one item, so that each item but a chain's first is a target
/// with a predecessor. Buckets leave about 3 % padding where random batches have 43 %.
/// </remarks>
internal sealed class WindowSampler
{
    private readonly int[][][] _chains; // chain, item, token
    private readonly WindowSamplerOptions _options;
    private readonly int _windowCount;

    /// <summary>Makes a sampler.</summary>
    /// <param name="chains">Each chain as the SID tokens of its items.</param>
    /// <param name="options">Sizes, seed and augmentation.</param>
    public WindowSampler(IReadOnlyList<int[][]> chains, WindowSamplerOptions options)
    {
        _chains = [.. chains];
        _options = options;
        int stride = options.WindowItems - 1;
        _windowCount = _chains.Sum(chain => Math.Max(1, (chain.Length - 1 + stride - 1) / stride));
    }

    /// <summary>Batches of an epoch, the same in all.</summary>
    public int BatchesPerEpoch => (_windowCount + _options.BatchSize - 1) / _options.BatchSize;

    /// <summary>The batches of one epoch, in training order.</summary>
    /// <param name="epoch">From 0.</param>
    public IReadOnlyList<WindowBatch> Epoch(int epoch)
    {
        var random = new SplitMixRandom(_options.Seed, $"windows {epoch}");
        double strength = Math.Max(0, 1 - epoch / _options.FadeEpochs);
        var windows = new List<int[][]>();
        foreach (int[][] chain in _chains)
        {
            Cut(chain, strength, random, windows);
        }

        // Random order first, so that ties of the stable sort fall into different batches each epoch.
        int[] order = random.Permutation(windows.Count);
        int[] byLength = [.. order.OrderBy(window => windows[window].Sum(item => item.Length))];
        int[][] groups = [.. byLength.Chunk(_options.BatchSize)];
        random.Shuffle<int[]>(groups);
        return [.. groups.Select(group => Batch([.. group.Select(window => windows[window])]))];
    }

    // The number of windows is the same in every epoch, and so is the number of batches; only the places of the cuts move.
    private void Cut(int[][] chain, double strength, SplitMixRandom random, List<int[][]> windows)
    {
        int size = _options.WindowItems, stride = size - 1;
        int end = chain.Length;
        if (chain.Length > size)
        {
            int shortest = chain.Length - stride * ((chain.Length - 1 + stride - 1) / stride - 1);
            end = shortest + random.NextInt(size - shortest + 1);
        }

        for (int start = 0; ; end = Math.Min(chain.Length, start + size))
        {
            windows.Add(Augment(chain[start..end], strength, random));
            if (end == chain.Length)
            {
                return;
            }

            start = end - 1;
        }
    }

    // A window that would lose its last pair stays whole.
    private int[][] Augment(int[][] window, double strength, SplitMixRandom random)
    {
        double dropout = strength * _options.ItemDropout, shuffle = strength * _options.ShuffleProbability;
        if (dropout > 0)
        {
            int[][] kept = [.. window.Where(_ => random.NextDouble() >= dropout)];
            window = kept.Length > 1 ? kept : window;
        }

        if (shuffle > 0 && random.NextDouble() < shuffle)
        {
            random.Shuffle<int[]>(window);
        }

        return window;
    }

    private WindowBatch Batch(int[][][] windows)
    {
        // The last token is a target only, so it takes no position.
        int length = windows.Max(window => window.Sum(item => item.Length));
        long[] tokens = new long[windows.Length * length];
        Array.Fill(tokens, _options.BosToken);
        var rows = new List<long>();
        var targets = new List<long>();
        for (int row = 0; row < windows.Length; row++)
        {
            int position = 0;
            for (int item = 0; item < windows[row].Length; item++)
            {
                foreach (int token in windows[row][item])
                {
                    if (item > 0 || _options.TrainsFirstItem)
                    {
                        rows.Add((long)row * length + position);
                        targets.Add(token);
                    }

                    position++;
                    if (position < length)
                    {
                        tokens[row * length + position] = token;
                    }
                }
            }
        }

        return new WindowBatch(tokens, windows.Length, length, [.. rows], [.. targets]);
    }
}
