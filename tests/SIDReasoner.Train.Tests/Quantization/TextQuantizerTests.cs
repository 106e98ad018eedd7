using SIDReasoner.Core;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Train.Quantization;
using SIDReasoner.Train.Tests.Baselines;

namespace SIDReasoner.Train.Tests.Quantization;

public class TextQuantizerTests
{
    [Fact]
    public void Fit_EqualAndEmptyTexts_StillGetSidsOfTheirOwn()
    {
        string[] texts = ["red lamp", "red lamp", "", "blue tent", "blue tent", ""];

        RqKMeansResult result = TextQuantizer.Fit(texts, new RqKMeansOptions { CodesPerLevel = 4 });

        Assert.Equal(6, result.ToSemanticIds().Distinct().Count());
        Assert.Equal(result.Codes[0], result.Codes[3]);
    }

    [Fact]
    public void Fit_NoWordsAtAll_SaysSo() =>
        Assert.Contains("2 texts", Assert.Throws<SidReasonerException>(() => TextQuantizer.Fit(["", "--"], new RqKMeansOptions())).Message, StringComparison.Ordinal);

    [SkippableFact]
    public void Fit_RealCatalog_GroupsWhatIsBoughtTogether()
    {
        AmazonData data = AmazonData.Load("Office_Products");
        string[] titles = [.. data.Catalog.Items.Select(item => item.Title)];

        // Fewer codes and rounds than one would ship, for the sake of the clock.
        RqKMeansResult result = TextQuantizer.Fit(titles, new RqKMeansOptions { CodesPerLevel = 64, MaxIterations = 5, Restarts = 1 });
        IReadOnlyList<SemanticId> sids = result.ToSemanticIds();

        Assert.Equal(sids.Count, sids.Distinct().Count());

        // The next item shares the first code far more often than by chance.
        double shared = data.Test.Average(row => sids[row.History[^1]].Tokens[0] == sids[row.Target].Tokens[0] ? 1.0 : 0);
        double chance = sids.GroupBy(sid => sid.Tokens[0]).Sum(group => Math.Pow(group.Count() / (double)sids.Count, 2));
        Assert.True(shared > 4 * chance, $"found {shared:F3}, chance {chance:F3}");
    }
}
