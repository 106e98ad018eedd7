namespace SIDReasoner.Train.Data;

/// <summary>A piece of a chain.</summary>
/// <param name="Items">Its items' tokens, as they are trained.</param>
/// <param name="Chain">The chain's index.</param>
/// <param name="Start">The first item's place in the chain.</param>
/// <param name="IsPlain">Whether the items are the chain's own, none left out, in their order.</param>
internal readonly record struct Window(int[][] Items, int Chain, int Start, bool IsPlain)
{
    /// <summary>Tokens of all items.</summary>
    public int TokenCount => Items.Sum(item => item.Length);
}
