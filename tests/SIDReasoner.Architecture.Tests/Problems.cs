namespace SIDReasoner.Architecture.Tests;

/// <summary>Fails with every problem at once, in full.</summary>
internal static class Problems
{
    public static void AssertNone(IEnumerable<string> problems)
    {
        string[] all = [.. problems];
        Assert.True(all.Length == 0, string.Join(Environment.NewLine, all));
    }
}
