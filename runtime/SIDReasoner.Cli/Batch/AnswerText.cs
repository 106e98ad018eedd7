using System.Globalization;
using SIDReasoner.Core.Hosting;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Batch;

/// <summary>An answer as people read it: a list, then what it cost.</summary>
internal static class AnswerText
{
    public static void Write(TextWriter writer, Recommendation answer)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        int sidWidth = Math.Max(3, answer.Items.Select(item => item.Sid.ToString().Length).DefaultIfEmpty(3).Max());
        foreach (RankedItem item in answer.Items)
        {
            string ids = string.Join(", ", item.ItemIds);
            writer.WriteLine(string.Create(invariant, $"{item.Rank,3}.  {item.Sid.ToString().PadRight(sidWidth)}  {item.Score,8:F3}  {item.Title}  [{ids}]"));
        }

        if (answer.Items.Count == 0)
        {
            writer.WriteLine("No item is allowed, so there is nothing to rank.");
        }

        if (answer.DroppedItems > 0)
        {
            writer.WriteLine($"note: the context does not hold the whole history; its {answer.DroppedItems} oldest items were left out (--whole-history refuses instead).");
        }

        StageTimes stages = answer.Stages;
        writer.WriteLine();
        writer.WriteLine(string.Create(
            invariant,
            $"{answer.PromptTokens} prompt tokens{(answer.PrefixTokens > 0 ? $" ({answer.PrefixTokens} of them known)" : "")}, {answer.BeamWidth} beams, {answer.ScoreMode.ToString().ToLowerInvariant()} scores, {answer.Precision} on {answer.Engine}, {answer.Kernel} kernel; ms: prompt {stages.Prompt:F2}, prefill {stages.Prefill:F2}, thinking {stages.Thinking:F2}, search {stages.Search:F2}, lookup {stages.Lookup:F2}"));
        writer.WriteLine(ProcessMemory.Read());
    }
}
