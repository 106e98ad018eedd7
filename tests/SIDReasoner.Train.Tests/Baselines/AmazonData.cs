using SIDReasoner.Core.Items;
using SIDReasoner.TestSupport;

namespace SIDReasoner.Train.Tests.Baselines;

/// <summary>A category of the shared Amazon data; a test that asks for one that is absent skips and says why.</summary>
internal sealed record AmazonData(ItemCatalog Catalog, IReadOnlyList<Interaction> Train, IReadOnlyList<Interaction> Valid, IReadOnlyList<Interaction> Test)
{
    public static AmazonData Load(string category)
    {
        string folder = GoldenCases.RequireData($"amazon/{category}");
        ItemCatalog catalog = ItemCatalog.Load(folder);
        return new AmazonData(
            catalog,
            InteractionReader.Load(Path.Combine(folder, "train.csv.gz"), catalog),
            InteractionReader.Load(Path.Combine(folder, "valid.csv"), catalog),
            InteractionReader.Load(Path.Combine(folder, "test.csv"), catalog));
    }
}
