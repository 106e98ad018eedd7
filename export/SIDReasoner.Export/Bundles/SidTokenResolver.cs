using SIDReasoner.Core;
using SIDReasoner.Core.Bundles;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Items;

namespace SIDReasoner.Export.Bundles;

/// <summary>Finds the token id of every SID token: in the options, in sidreasoner.json, or in the tokenizer.</summary>
internal static class SidTokenResolver
{
    /// <summary>The SID columns of a checkpoint, or null where it has none.</summary>
    /// <exception cref="SidReasonerException">A catalogue is given, but the ids of its tokens cannot be told, or some are missing or outside the vocabulary.</exception>
    public static BundleSidTokens? Resolve(BundleExportOptions options, CheckpointFolder checkpoint, TokenizerVocabulary? tokenizer, ItemCatalog? catalog)
    {
        var (source, tokens) = Find(options, checkpoint, tokenizer, catalog is not null);
        if (catalog is not null && tokens is null)
        {
            throw new SidReasonerException(
                $"Checkpoint '{options.Checkpoint}' does not say which tokens spell SIDs: it has neither tokenizer.json nor '{CheckpointManifest.FileName}' with sid_token_ids. "
                + "Add one of them, or leave out --catalog for a bundle of text alone.");
        }

        if (tokens is null)
            return null;
        var ids = tokens.TokenIds;
        if (ids.Count > 0 && (ids[0] < 0 || ids[^1] >= checkpoint.Config.VocabSize))
        {
            throw new SidReasonerException(
                $"SID token '{tokens.Texts[^1]}' has id {ids[^1]} in {source}; the model has ids 0 to {checkpoint.Config.VocabSize - 1} (config.json: vocab_size).");
        }

        if (catalog is not null)
            CheckCatalog(options.Catalog!, catalog, source, tokens);
        return tokens;
    }

    private static (string Source, BundleSidTokens? Tokens) Find(
        BundleExportOptions options, CheckpointFolder checkpoint, TokenizerVocabulary? tokenizer, bool hasCatalog)
    {
        if (options.SidTokens is not null)
            return ("the options", options.SidTokens);
        if (checkpoint.Manifest is { SidTokenIds.Count: > 0 } manifest)
            return (CheckpointManifest.FileName, BundleSidTokens.Create(manifest.SidTokenIds, manifest.SidTokens));
        if (!hasCatalog || tokenizer is null)
            return ("", null);
        var found = tokenizer.SidTokens();
        return ("tokenizer.json", BundleSidTokens.Create([.. found.Keys], [.. found.Values]));
    }

    private static void CheckCatalog(string path, ItemCatalog catalog, string source, BundleSidTokens tokens)
    {
        var known = tokens.Texts.ToHashSet(StringComparer.Ordinal);
        var problems = catalog.Items
            .SelectMany(item => item.Sid.Tokens.Where(token => !known.Contains(token)).Select(token => (token, item)))
            .GroupBy(pair => pair.token)
            .Select(group => $"SID token '{group.Key}' (item '{group.First().item.Id}') is not among the {known.Count} SID tokens of {source}.")
            .ToList();
        if (problems.Count > 0)
            throw new InvalidFileException(path, problems);
    }
}
