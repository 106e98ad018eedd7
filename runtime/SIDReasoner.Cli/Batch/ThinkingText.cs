using System.Globalization;
using SIDReasoner.Decoding.Sampling;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Batch;

/// <summary>Thinking and sampling in words.</summary>
internal static class ThinkingText
{
    /// <summary>For fingerprints: equal words, equal settings.</summary>
    public static string Describe(ThinkingRequest? thinking) =>
        thinking is null ? "no thinking" : string.Create(CultureInfo.InvariantCulture, $"think budget {thinking.Budget} {Describe(thinking.Sampling)}");

    /// <summary>For fingerprints: equal words, equal settings.</summary>
    public static string Describe(SamplingOptions sampling) => !sampling.Samples ? "greedy" : string.Create(
        CultureInfo.InvariantCulture,
        $"sampled temperature {sampling.Temperature:R} top-k {sampling.TopK} top-p {sampling.TopP:R} min-p {sampling.MinP:R} seed {sampling.Seed}");

    /// <summary>What stands below a thought that has been shown: how it ended and what it named.</summary>
    public static void WriteNotes(TextWriter writer, Thought thought)
    {
        if (!thought.IsClosed)
        {
            writer.WriteLine($"[closed by force after {thought.TokenIds.Count} tokens]");
        }

        foreach (SidMention mention in thought.Mentions)
        {
            writer.WriteLine(mention.IsKnown ? $"  {mention.Sid}  {mention.Title}  [{string.Join(", ", mention.ItemIds)}]" : $"  {mention.Sid}  not in the catalogue");
        }

        writer.WriteLine();
    }
}
