namespace SIDReasoner.Train.Baselines;

/// <summary>Weighted links from each item to others, summed up while fitting and read often afterwards.</summary>
internal sealed class ItemLinks(int itemCount)
{
    private readonly Dictionary<int, double>?[] _linksOf = new Dictionary<int, double>?[itemCount];

    public void Add(int from, int to, double weight)
    {
        Dictionary<int, double> links = _linksOf[from] ??= [];
        links[to] = links.GetValueOrDefault(to) + weight;
    }

    /// <summary>The links of an item as (item, weight) in order of the item's index, so that sums over them always round alike.</summary>
    public (int To, double Weight)[][] Freeze(Func<int, int, double, double> weigh) =>
        _linksOf.Select((links, from) => links is null
            ? []
            : links.OrderBy(link => link.Key).Select(link => (link.Key, weigh(from, link.Key, link.Value))).ToArray()).ToArray();
}
