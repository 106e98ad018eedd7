using SIDReasoner.Core;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Core.Text;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Bundles;

namespace SIDReasoner.Runtime.Serving;

/// <summary>What ranking needs of a bundle beside the model: items, trie, SID tokens and the prompt's wording. Shared by all lanes.</summary>
internal sealed class RankingAssets : IDisposable
{
    private RankingAssets(Bundle bundle, ItemCatalog catalog, SidTrie trie, SidVocabulary vocabulary, TextAssets text)
    {
        Bundle = bundle;
        Catalog = catalog;
        Trie = trie;
        Vocabulary = vocabulary;
        Text = text;
        DefaultScoreMode = bundle.Manifest.DefaultScoreMode == "catalog" ? ScoreMode.Catalog : ScoreMode.Exact;
    }

    public Bundle Bundle { get; }

    public ItemCatalog Catalog { get; }

    public SidTrie Trie { get; }

    public SidVocabulary Vocabulary { get; }

    public TextAssets Text { get; }

    public ScoreMode DefaultScoreMode { get; }

    public static RankingAssets Open(Bundle bundle)
    {
        BundleManifest manifest = bundle.Manifest;
        if (manifest.SidTokens is not { } tokens || manifest.CatalogHash is null)
        {
            throw new SidReasonerException($"Bundle '{bundle.Path}' holds no catalogue, so there is nothing to recommend. Export it again with --catalog DIR.");
        }

        ItemCatalog catalog = ItemCatalog.Load(bundle.Path);
        SidTrie trie = SidTrie.Open(bundle.FilePath("catalog.sidtrie"));
        try
        {
            string found = Convert.ToHexStringLower(trie.SourceHash);
            if (!manifest.CatalogHash.StartsWith(found, StringComparison.Ordinal))
            {
                throw new SidReasonerException(
                    $"The trie of bundle '{bundle.Path}' was built for tokens and items with hash {found}; bundle.json says {manifest.CatalogHash}. Export the checkpoint again.");
            }

            if (trie.ItemCount != catalog.Items.Count)
            {
                throw new SidReasonerException(
                    $"The trie of bundle '{bundle.Path}' holds {trie.ItemCount} items; items.jsonl has {catalog.Items.Count}. Export the checkpoint again.");
            }

            var vocabulary = new SidVocabulary(tokens.Texts.Zip(tokens.TokenIds).ToDictionary(pair => pair.First, pair => pair.Second));
            return new RankingAssets(bundle, catalog, trie, vocabulary, TextAssets.Open(bundle));
        }
        catch
        {
            trie.Dispose();
            throw;
        }
    }

    /// <summary>Renders and tokenises a history, with the question that asks for a thought or the one that does not.</summary>
    /// <exception cref="SidReasonerException">The bundle has no wording or no tokenizer for it.</exception>
    public int[] BuildPrompt(IReadOnlyList<int> history, bool thinks)
    {
        if (Text.Prompt is null || Text.Tokenizer is null)
        {
            string missing = Text.Prompt is null ? PromptTemplate.FileName : ByteLevelBpeTokenizer.FileName;
            throw new SidReasonerException($"bundle '{Bundle.Path}' has no {missing}, so it takes prompt_ids only; put the file into the checkpoint and export it again");
        }

        return Text.Prompt.Build([.. history.Select(index => Catalog.Items[index])], Vocabulary, Text.Tokenizer, thinks);
    }

    public void Dispose() => Trie.Dispose();
}
