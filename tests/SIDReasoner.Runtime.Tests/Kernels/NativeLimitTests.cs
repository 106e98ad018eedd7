using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Interop;
using SIDReasoner.Runtime.Kernels;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests.Kernels;

public sealed unsafe class NativeLimitTests
{
    [SkippableFact]
    public void Advance_MoreBeamsThanTheKernelKeeps_SaysBothNumbers()
    {
        Skip.If(NativeBeamKernel.Problem is not null, NativeBeamKernel.Problem?.Message);
        SidTrie trie = SidTrieBuilder.Build([[1, 3], [2, 4]], [1, 2, 3, 4]);
        var beams = new BeamBatch();
        beams.Reset([1025]);

        var error = Assert.Throws<ArgumentException>(() => new NativeBeamKernel().Advance(trie, new LogitsView(8, TensorElementType.Float32, DeviceKind.Cpu, 1, 4), LogitsView.Empty, [], beams));

        Assert.Contains("1025 beams; the native kernel keeps at most 1024", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void TrieMap_DamagedBytes_NamesTheSection()
    {
        Skip.If(NativeBeamKernel.Problem is not null, NativeBeamKernel.Problem?.Message);
        using SidTrie trie = SidTrieBuilder.Build([[1, 3], [2, 4]], [1, 2, 3, 4]);
        byte* last = (byte*)trie.ImagePointer + trie.ImageBytes - 64;
        *last ^= 1;

        var error = Assert.Throws<NativeKernelException>(() => NativeTrie.Of(trie));

        *last ^= 1;
        Assert.Equal(NativeStatus.BadFile, error.Status);
        Assert.Contains("first_child_base", error.Message, StringComparison.Ordinal);
        Assert.NotNull(NativeTrie.Of(trie));
    }

    /// <summary>What libsidr reads out of the managed builder's bytes is what the managed trie says.</summary>
    [SkippableTheory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void TrieMap_ManagedImage_HasTheSameShape(int seed)
    {
        Skip.If(NativeBeamKernel.Problem is not null, NativeBeamKernel.Problem?.Message);
        RandomCatalog catalog = RandomCatalog.Draw(seed, maxItems: 2000);
        using SidTrie trie = SidTrieBuilder.Build(catalog.Items, catalog.Columns);
        var info = new SidrTrieInfo { Size = (uint)sizeof(SidrTrieInfo) };

        NativeMethods.sidr_trie_get_info(NativeTrie.Of(trie).Handle, ref info).ThrowIfFailed();

        Assert.Equal(((uint)trie.LevelCount, (ulong)trie.ItemCount, (ulong)trie.SidCount), (info.Levels, info.Items, info.Sids));
        Assert.Equal(((ulong)trie.ImageBytes, (uint)trie.ColumnCount, trie.IsRagged ? 1u : 0u), (info.Bytes, info.ColumnCount, info.IsRagged));
        for (int depth = 0; depth <= trie.LevelCount; depth++)
        {
            Assert.Equal((ulong)trie.NodeCount(depth), info.Nodes[depth]);
            if (depth < trie.LevelCount)
            {
                Assert.Equal((uint)trie.MaxFanOut(depth), info.MaxFanOut[depth]);
                Assert.Equal((uint)trie.TokenOf(depth + 1).Length, info.Tokens[depth]);
            }
        }
    }
}
