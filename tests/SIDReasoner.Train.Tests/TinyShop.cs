using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Train.Data;
using SIDReasoner.Train.Stages;

namespace SIDReasoner.Train.Tests;

/// <summary>A catalogue of 4 x 3 x 2 SIDs in which item i is always followed by item i + 5, and a small model for it.</summary>
internal sealed class TinyShop
{
    public const int Bos = 0;
    private const int ItemCount = 24;

    public static readonly NextItemOptions Options = new()
    {
        Epochs = 2,
        BatchSize = 8,
        WarmupSteps = 4,
        HiddenSize = 32,
        IntermediateSize = 48,
        HeadCount = 2,
        HistoryItems = 4,
        Dropout = 0.1,
    };

    public TinyShop(int depth = 3)
    {
        Catalog = new ItemCatalog([.. Enumerable.Range(0, ItemCount).Select(i => new Item($"I{i}", $"item {i}", Sid(i, depth)))]);
        Vocabulary = SidVocabulary.Append(Catalog.Items.Select(item => item.Sid), firstId: 3);
        Prompt = new WindowPrompt(Catalog, Vocabulary, Bos, Options.HistoryItems);
        Config = new ModelConfig
        {
            Architecture = DecoderArchitecture.Qwen3,
            VocabSize = 3 + Vocabulary.Count,
            HiddenSize = Options.HiddenSize,
            IntermediateSize = Options.IntermediateSize,
            LayerCount = 2,
            HeadCount = Options.HeadCount,
            KvHeadCount = 1,
            HeadSize = 16,
            MaxPositions = 64,
            TiesEmbeddings = true,
            HasQkNorm = true,
            BosTokenId = Bos,
            StoredType = TensorDType.F32,
        };
    }

    public ItemCatalog Catalog { get; }

    public SidVocabulary Vocabulary { get; }

    public WindowPrompt Prompt { get; }

    public ModelConfig Config { get; }

    public IReadOnlyList<int[]> Chains { get; } = [.. Enumerable.Range(0, 60).Select(user => Enumerable.Range(0, 3 + user % 7).Select(step => (user + 5 * step) % ItemCount).ToArray())];

    public IReadOnlyList<int[][]> TokenChains => [.. Chains.Select(chain => chain.Select(Prompt.TokensOf).ToArray())];

    public IReadOnlyList<Interaction> Rows { get; } = [.. Enumerable.Range(0, ItemCount).Select(i => new Interaction($"u{i}", [.. Enumerable.Range(0, 1 + i % 6).Select(step => (i + 5 * step) % ItemCount)], (i + 5 * (1 + i % 6)) % ItemCount))];

    public NextItemStage Stage(NextItemOptions? options = null) => new(TokenChains, Config, Bos, options ?? Options);

    // At depth 4 every third SID is one level longer.
    private static SemanticId Sid(int i, int depth) => SemanticId.Parse($"<a_{i / 6}><b_{i / 2 % 3}><c_{i % 2}>" + (depth > 3 && i % 3 == 0 ? $"<d_{i % 5}>" : ""));
}
