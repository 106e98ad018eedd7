using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Train.Model;

namespace SIDReasoner.Train.Evaluation;

/// <summary>Ranks the targets of whole files of rows with a model.</summary>
/// <remarks>Rows with prompts of one length run together. The result does not depend on the batching beyond float rounding. One thread.</remarks>
public sealed class ModelEvaluator : IDisposable
{
    private const int RowsAtOnce = 32;

    private readonly ItemCatalog _catalog;
    private readonly Func<IReadOnlyList<int>, int[]> _prompt;
    private readonly SidVocabulary _vocabulary;
    private readonly SidTrie _trie;

    /// <summary>Makes an evaluator.</summary>
    /// <param name="catalog">The items that rows index.</param>
    /// <param name="vocabulary">The model's SID tokens.</param>
    /// <param name="prompt">How a history (item indexes, oldest first) becomes token ids.</param>
    public ModelEvaluator(ItemCatalog catalog, SidVocabulary vocabulary, Func<IReadOnlyList<int>, int[]> prompt)
    {
        _catalog = catalog;
        _vocabulary = vocabulary;
        _prompt = prompt;
        _trie = catalog.BuildTrie(vocabulary);
    }

    /// <summary>Ranks every row's target.</summary>
    /// <param name="model">The model.</param>
    /// <param name="rows">Histories and targets.</param>
    /// <param name="beamWidth">Beams kept, which is also the length of the lists. Default 50.</param>
    /// <param name="cancellation">Checked between batches.</param>
    /// <returns>A rank a row.</returns>
    public RankedRows Evaluate(DecoderModel model, IReadOnlyList<Interaction> rows, int beamWidth = 50, CancellationToken cancellation = default)
    {
        using var search = new BatchedSidSearch(model, _trie, beamWidth);
        int[][] prompts = [.. rows.Select(row => _prompt(row.History))];
        var ranks = new RankedRows(new int[rows.Count], new int[rows.Count]);
        foreach (IGrouping<int, int> sameLength in Enumerable.Range(0, rows.Count).GroupBy(row => prompts[row].Length))
        {
            foreach (int[] chunk in sameLength.Chunk(RowsAtOnce))
            {
                cancellation.ThrowIfCancellationRequested();
                Hypothesis[][] found = search.Search([.. chunk.Select(row => prompts[row])]);
                for (int i = 0; i < chunk.Length; i++)
                {
                    (ranks.Sids[chunk[i]], ranks.Items[chunk[i]]) = Rank(found[i], rows[chunk[i]].Target);
                }
            }
        }

        return ranks;
    }

    /// <inheritdoc/>
    public void Dispose() => _trie.Dispose();

    private (int Sid, int Item) Rank(Hypothesis[] found, int target)
    {
        _trie.TryFind(_vocabulary.Encode(_catalog.Items[target].Sid), out int depth, out uint node);
        int wanted = _trie.SidNumber(depth, node), before = 0;
        var items = new List<int>();
        for (int rank = 0; rank < found.Length; rank++)
        {
            items.Clear();
            _trie.CopyItems(found[rank].SidNumber, items);
            if (found[rank].SidNumber == wanted)
            {
                return (rank, before + items.IndexOf(target));
            }

            before += items.Count;
        }

        return (-1, -1);
    }
}
