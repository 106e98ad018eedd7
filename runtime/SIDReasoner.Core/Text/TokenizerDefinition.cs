using System.Text;

namespace SIDReasoner.Core.Text;

/// <summary>What a tokenizer.json says, as far as it is supported.</summary>
internal sealed record TokenizerDefinition
{
    /// <summary>Token in the byte alphabet -> id.</summary>
    public required Dictionary<string, int> Vocabulary { get; init; }

    /// <summary>Pairs that merge, best first.</summary>
    public required List<(string Left, string Right)> Merges { get; init; }

    public required List<AddedToken> AddedTokens { get; init; }

    /// <summary>Normal forms to apply, in order.</summary>
    public required List<NormalizationForm> Normalizers { get; init; }

    public required PieceSplitter Splitter { get; init; }

    /// <summary>A piece that is a token stays whole, whatever the merges say.</summary>
    public bool IgnoresMerges { get; init; }
}
