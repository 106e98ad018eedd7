using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.Train.Quantization;

/// <summary>Codes of every item, and the codebooks they came from.</summary>
/// <param name="Codes">Codes [n, L], row-major, each from 0 to <see cref="RqKMeansOptions.CodesPerLevel"/> - 1.</param>
/// <param name="Codebooks">The fitted books. Moved items no longer have the codes that <see cref="ResidualCodebooks.Encode"/> gives them.</param>
/// <param name="CollidingItems">Items that shared all codes with another before any were moved.</param>
/// <param name="MovedItems">Items whose codes were changed to tell them apart.</param>
public sealed record RqKMeansResult(int[] Codes, ResidualCodebooks Codebooks, int CollidingItems, int MovedItems)
{
    /// <summary>Each item's SID, spelled as the reference does: level letter from "a", underscore, code, for example "&lt;a_12&gt;".</summary>
    public IReadOnlyList<SemanticId> ToSemanticIds()
    {
        int levels = Codebooks.LevelCount;
        var sids = new SemanticId[Codes.Length / levels];
        for (int i = 0; i < sids.Length; i++)
        {
            int start = i * levels;
            sids[i] = new SemanticId(Enumerable.Range(0, levels).Select(level => $"<{(char)('a' + level)}_{Codes[start + level]}>"));
        }

        return sids;
    }
}
