namespace SIDReasoner.Train.Shop;

/// <summary>The words of the shop. Every word has one meaning, so a title of four words names its attributes without doubt.</summary>
public static class ShopWords
{
    /// <summary>What an item is: 20 words.</summary>
    public static IReadOnlyList<string> Categories { get; } =
    [
        "backpack", "battery", "bottle", "camera", "charger", "clock", "compass", "drone", "hammock", "headset",
        "kettle", "keyboard", "lantern", "monitor", "printer", "radio", "router", "speaker", "tent", "watch",
    ];

    /// <summary>Who makes it: 10 words.</summary>
    public static IReadOnlyList<string> Brands { get; } =
        ["acme", "borealis", "corvid", "delta", "ember", "fjord", "gamma", "helix", "iris", "juniper"];

    /// <summary>How good it is: 5 words.</summary>
    public static IReadOnlyList<string> Tiers { get; } = ["lite", "core", "plus", "pro", "max"];

    /// <summary>What it looks like: 8 words.</summary>
    public static IReadOnlyList<string> Colors { get; } = ["black", "white", "red", "blue", "green", "yellow", "silver", "orange"];

    /// <summary>Items of the full grid: every category from every brand in every tier.</summary>
    public static int ItemCount => Categories.Count * Brands.Count * Tiers.Count;
}
