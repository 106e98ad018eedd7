using System.Text.Json;
using SIDReasoner.Train.Optimization;

namespace SIDReasoner.Train.Tests.Golden;

public sealed class ScheduleGoldenTests
{
    public static TheoryData<int> Cases
    {
        get
        {
            var rows = new TheoryData<int>();
            string path = FilePath;
            int count = File.Exists(path) ? GoldenData.Read(path).GetProperty("cases").GetArrayLength() : 0;
            foreach (int row in Enumerable.Range(count == 0 ? -1 : 0, Math.Max(1, count)))
            {
                rows.Add(row);
            }

            return rows;
        }
    }

    private static string FilePath => Path.Combine(GoldenData.Hf, "train", "schedule.json");

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void Factor_GoldenSchedule_GivesItsFactors(int row)
    {
        Skip.If(row < 0, $"'{FilePath}' does not exist: set SIDR_GOLDEN to the folder that holds 'hf'.");
        JsonElement golden = GoldenData.Read(FilePath).GetProperty("cases")[row];
        var schedule = new LearningRateSchedule(
            Enum.Parse<ScheduleShape>(golden.GetProperty("schedule").GetString()!, ignoreCase: true),
            golden.GetProperty("warmup").GetInt32(),
            golden.GetProperty("total").GetInt32());

        double[] factors = [.. Enumerable.Range(0, golden.GetProperty("factors").GetArrayLength()).Select(schedule.Factor)];

        foreach ((double actual, JsonElement expected) in factors.Zip(golden.GetProperty("factors").EnumerateArray()))
        {
            Assert.Equal(expected.GetDouble(), actual, 1e-12);
        }
    }
}
