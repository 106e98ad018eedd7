using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Train.Stages;

namespace SIDReasoner.Train.Data;

/// <summary>The small vocabulary of a model trained here: three control tokens, then the catalogue's SID tokens in the reference's order.</summary>
public static class WindowVocabulary
{
    /// <summary>Begins every prompt and pads batches.</summary>
    public const int Bos = 0;

    /// <summary>Ends a reply; no window holds it.</summary>
    public const int Eos = 1;

    /// <summary>Fills what no one reads.</summary>
    public const int Pad = 2;

    /// <summary>Texts of the control tokens, by id.</summary>
    public static IReadOnlyList<string> ControlTokens { get; } = ["<bos>", "<eos>", "<pad>"];

    /// <summary>Numbers a catalogue's SID tokens behind the control tokens.</summary>
    /// <param name="catalog">The items.</param>
    /// <returns>Contiguous ids from 3.</returns>
    public static SidVocabulary Create(ItemCatalog catalog) => SidVocabulary.Append(catalog.Items.Select(item => item.Sid), ControlTokens.Count);

    /// <summary>The model that training makes for a catalogue: Qwen3 with tied embeddings, as wide and deep as the options say.</summary>
    /// <param name="catalog">The items.</param>
    /// <param name="vocabulary">From <see cref="Create"/>.</param>
    /// <param name="options">Sizes.</param>
    /// <returns>The config, with room for the longest prompt and its answer.</returns>
    public static ModelConfig Config(ItemCatalog catalog, SidVocabulary vocabulary, NextItemOptions options)
    {
        int longest = 1 + (options.HistoryItems + 1) * catalog.LevelCount;
        return new ModelConfig
        {
            Architecture = DecoderArchitecture.Qwen3,
            VocabSize = ControlTokens.Count + vocabulary.Count,
            HiddenSize = options.HiddenSize,
            IntermediateSize = options.IntermediateSize,
            LayerCount = options.LayerCount,
            HeadCount = options.HeadCount,
            KvHeadCount = options.HeadCount,
            HeadSize = options.HiddenSize / options.HeadCount,
            MaxPositions = (longest + 63) / 64 * 64,
            TiesEmbeddings = true,
            HasQkNorm = true,
            BosTokenId = Bos,
            EosTokenIds = [Eos],
            PadTokenId = Pad,
            StoredType = TensorDType.F32,
        };
    }
}
