using System.Buffers;
using System.Text.Json;
using SIDReasoner.Core.Evaluation;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Evaluation;

/// <summary>What came of one row: a rank a sample, and what it cost.</summary>
/// <param name="SidRanks">Rank of the target's SID from 0, or -1, in each sample.</param>
/// <param name="ItemRanks">Rank of the target item from 0, or -1, in each sample.</param>
/// <param name="Answers">SIDs returned over all samples.</param>
/// <param name="OutsideCatalog">Those among them that are no item of the catalogue.</param>
/// <param name="ClosedThoughts">Thoughts that the model closed itself.</param>
/// <param name="ThoughtTokens">Tokens of all thoughts.</param>
/// <param name="Stages">Mean milliseconds a sample.</param>
internal sealed record RowResult(int[] SidRanks, int[] ItemRanks, int Answers, int OutsideCatalog, int ClosedThoughts, int ThoughtTokens, StageTimes Stages)
{
    /// <summary>Prompt tokens over all samples.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Those of them that were not run, since an earlier prompt began the same.</summary>
    public int PrefixTokens { get; init; }

    /// <summary>Items of the history, oldest first, that the context did not hold.</summary>
    public int DroppedItems { get; init; }

    /// <summary>The best rank of all samples, or -1 where none found the target.</summary>
    public static int Best(int[] ranks) => ranks.Where(rank => rank >= 0).DefaultIfEmpty(RankingMetrics.NotFound).Min();

    /// <summary>A line for a resume.</summary>
    public ReadOnlyMemory<byte> ToLine()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            Write(json, "sid_ranks", SidRanks);
            Write(json, "item_ranks", ItemRanks);
            json.WriteNumber("answers", Answers);
            json.WriteNumber("outside", OutsideCatalog);
            json.WriteNumber("closed", ClosedThoughts);
            json.WriteNumber("tokens", ThoughtTokens);
            json.WriteNumber("prompt", PromptTokens);
            json.WriteNumber("prefix", PrefixTokens);
            json.WriteNumber("dropped", DroppedItems);
            json.WriteStartArray("ms");
            foreach (double stage in new[] { Stages.Prompt, Stages.Prefill, Stages.Thinking, Stages.Search, Stages.Lookup })
            {
                json.WriteNumberValue(stage);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Reads what <see cref="ToLine"/> wrote.</summary>
    public static RowResult FromLine(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement row = document.RootElement;
        double[] ms = [.. row.GetProperty("ms").EnumerateArray().Select(value => value.GetDouble())];
        return new RowResult(
            Ints(row.GetProperty("sid_ranks")),
            Ints(row.GetProperty("item_ranks")),
            row.GetProperty("answers").GetInt32(),
            row.GetProperty("outside").GetInt32(),
            row.GetProperty("closed").GetInt32(),
            row.GetProperty("tokens").GetInt32(),
            new StageTimes(ms[0], ms[1], ms[2], ms[3], ms[4]))
        {
            PromptTokens = row.GetProperty("prompt").GetInt32(),
            PrefixTokens = row.GetProperty("prefix").GetInt32(),
            DroppedItems = row.GetProperty("dropped").GetInt32(),
        };
    }

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt32())];

    private static void Write(Utf8JsonWriter json, string name, int[] values)
    {
        json.WriteStartArray(name);
        foreach (int value in values)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}
