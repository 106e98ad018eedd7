using SIDReasoner.Runtime.Model;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Model;

/// <summary>The cache of prompts' rows without a model: each row is a fingerprint of the adapter and of all tokens up to it, so a wrong row shows.</summary>
public sealed class PrefixCacheTests
{
    private const int Layers = 2;
    private const int Heads = 3;
    private const int HeadSize = 4;

    [Fact]
    public void Load_NoBound_GivesTheLongestStartOfAnyKeptPrompt()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            using var cache = New(long.MaxValue / 2);
            var kept = new List<(string? Adapter, int[] Tokens)>();
            for (var step = 0; step < 40; step++)
            {
                var (adapter, tokens) = Draw(random, kept);
                var most = random.Next(tokens.Length + 1);
                var slow = kept.Where(other => other.Adapter == adapter).Select(other => other.Tokens.AsSpan().CommonPrefixLength(tokens)).DefaultIfEmpty(0).Max();

                Assert.Equal(Math.Min(slow, most), LoadAndCheck(cache, adapter, tokens, most));

                Store(cache, adapter, tokens);
                kept.Add((adapter, tokens));
            }
        }
    }

    [Fact]
    public void Store_TinyBound_StaysWithinItAndGivesOnlyRightRows()
    {
        long reused = 0;
        for (var seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            var bound = random.Next(1, 30) * 1000L;
            using var cache = New(bound);
            var kept = new List<(string? Adapter, int[] Tokens)>();
            for (var step = 0; step < 60; step++)
            {
                var (adapter, tokens) = Draw(random, kept);
                reused += LoadAndCheck(cache, adapter, tokens, tokens.Length);
                Store(cache, adapter, tokens);
                kept.Add((adapter, tokens));
                Assert.InRange(cache.Bytes, 0, bound);
            }
        }

        Assert.InRange(reused, 1000, long.MaxValue);
    }

    [Fact]
    public void Store_BoundReached_DropsThePromptUnusedForLongest()
    {
        var tokens = Enumerable.Range(0, 3).Select(first => Enumerable.Range(first * 100, 20).ToArray()).ToArray();
        using var probe = New(long.MaxValue / 2);
        Store(probe, null, tokens[0]);
        using var cache = New(2 * probe.Bytes);
        Store(cache, null, tokens[0]);
        Store(cache, null, tokens[1]);
        LoadAndCheck(cache, null, tokens[0], 20);

        Store(cache, null, tokens[2]);

        Assert.Equal([20, 0, 20], tokens.Select(prompt => LoadAndCheck(cache, null, prompt, 20)));
        Assert.Equal(2 * probe.Bytes, cache.Bytes);
    }

    [Fact]
    public void Store_PromptLargerThanTheBound_LeavesTheOthersAlone()
    {
        using var cache = New(20_000);
        Store(cache, null, [1, 2, 3]);

        Store(cache, null, [.. Enumerable.Range(0, 500)]);

        Assert.Equal(3, LoadAndCheck(cache, null, [1, 2, 3], 3));
    }

    [Fact]
    public async Task LoadAndStore_ManyThreadsAndATinyBound_GiveOnlyRightRows()
    {
        const long bound = 20_000;
        using var cache = New(bound);

        var reused = await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(() =>
        {
            var random = new Random(worker);
            var kept = new List<(string? Adapter, int[] Tokens)>();
            var sum = 0L;
            for (var step = 0; step < 1500; step++)
            {
                // The same few seeds in all threads, so that they meet in the tree.
                var (adapter, tokens) = Draw(new Random(random.Next(40)), kept);
                sum += LoadAndCheck(cache, adapter, tokens, tokens.Length);
                Store(cache, adapter, tokens);
                Assert.InRange(cache.Bytes, 0, bound);
            }

            return sum;
        })));

        Assert.All(reused, sum => Assert.True(sum > 0));
    }

    private static PrefixCache New(long bytes) => new(bytes, 2 * Layers, Heads, HeadSize);

    /// <summary>A prompt that often begins as an earlier one did; small alphabets, so that prompts also meet by chance.</summary>
    private static (string? Adapter, int[] Tokens) Draw(Random random, List<(string? Adapter, int[] Tokens)> kept)
    {
        var adapter = random.Next(3) switch { 0 => null, 1 => "one", _ => "two" };
        var tail = Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(3)).ToArray();
        if (kept.Count == 0 || random.Next(4) == 0)
            return (adapter, tail);
        var start = kept[random.Next(kept.Count)].Tokens;
        return (adapter, [.. start.AsSpan(0, Math.Min(200, random.Next(start.Length + 1))), .. tail]);
    }

    private static unsafe void Store(PrefixCache cache, string? adapter, int[] tokens)
    {
        using var session = NewCache(tokens.Length);
        using var rows = Rows(adapter, tokens);
        session.CopyIn(0, tokens.Length, rows.Pointer, tokens.Length);
        cache.Store(adapter, tokens, session);
    }

    private static unsafe int LoadAndCheck(PrefixCache cache, string? adapter, int[] tokens, int most)
    {
        using var session = NewCache(tokens.Length);
        var loaded = cache.Load(adapter, tokens, most, session);
        using var found = new NativeBuffer((long)Planes * tokens.Length * HeadSize * sizeof(float));
        session.CopyOut(0, tokens.Length, found.Pointer);
        using var expected = Rows(adapter, tokens);
        for (var plane = 0; plane < Planes; plane++)
        {
            var offset = (long)plane * tokens.Length * HeadSize;
            var rows = loaded * HeadSize;
            Assert.Equal(
                new ReadOnlySpan<float>((float*)expected.Pointer + offset, rows), new ReadOnlySpan<float>((float*)found.Pointer + offset, rows));
        }

        return loaded;
    }

    private static int Planes => 2 * Layers * Heads;

    private static KvCache NewCache(int rows)
    {
        var cache = new KvCache(Layers, Heads, HeadSize, mostRows: 4096);
        cache.EnsureRows(rows, used: 0);
        return cache;
    }

    private static unsafe NativeBuffer Rows(string? adapter, int[] tokens)
    {
        var rows = new NativeBuffer((long)Planes * tokens.Length * HeadSize * sizeof(float));
        var hash = (adapter ?? "").Aggregate(2166136261u, (sum, letter) => unchecked((sum ^ letter) * 16777619u));
        for (var row = 0; row < tokens.Length; row++)
        {
            hash = unchecked((hash ^ (uint)tokens[row]) * 16777619u);
            var value = (float)(hash >> 12);
            for (var plane = 0; plane < Planes; plane++)
            {
                for (var i = 0; i < HeadSize; i++)
                    ((float*)rows.Pointer)[((plane * tokens.Length) + row) * HeadSize + i] = value + plane * HeadSize + i;
            }
        }

        return rows;
    }
}
