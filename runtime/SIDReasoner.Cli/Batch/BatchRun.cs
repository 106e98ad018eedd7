using System.Diagnostics;
using System.Globalization;
using SIDReasoner.Runtime;

namespace SIDReasoner.Cli.Batch;

/// <summary>Answers a file of requests: in order, several at once, resumable.</summary>
internal static class BatchRun
{
    public static async Task RunAsync(Recommender recommender, RecommendRequest template, string input, string output, bool skipBad, CancellationToken cancellation)
    {
        List<BatchLine> lines = BatchFiles.Read(recommender, input, template, skipBad, Console.Error);
        int done = BatchFiles.Resume(output, BatchFiles.Fingerprint(recommender, template, input, skipBad));
        if (done > 0)
        {
            await Console.Error.WriteLineAsync($"going on after {done} of {lines.Count} answers").ConfigureAwait(false);
        }

        string partial = BatchFiles.PartialPath(output);
        long began = Stopwatch.GetTimestamp();
        var lastNote = TimeSpan.Zero;
        await using (var stream = new FileStream(partial, FileMode.Append, FileAccess.Write, FileShare.Read, 1 << 16))
        {
            int next = done;
            await foreach (Recommendation answer in recommender.RecommendManyAsync(lines.Skip(done).Select(line => line.Request), cancellation).ConfigureAwait(false))
            {
                await stream.WriteAsync(AnswerJson.Line(lines[next].IdJson, answer), cancellation).ConfigureAwait(false);
                stream.WriteByte((byte)'\n');
                next++;
                TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
                if (elapsed - lastNote > TimeSpan.FromSeconds(2))
                {
                    lastNote = elapsed;
                    await stream.FlushAsync(cancellation).ConfigureAwait(false);
                    double rate = (next - done) / elapsed.TotalSeconds;
                    await Console.Error.WriteLineAsync(string.Create(
                        CultureInfo.InvariantCulture, $"{next}/{lines.Count} answers, {rate:F0}/s, {(lines.Count - next) / rate:F0} s left")).ConfigureAwait(false);
                }
            }

            stream.Flush(flushToDisk: true);
        }

        File.Move(partial, output, overwrite: true);
        File.Delete(BatchFiles.ResumePath(output));
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await Console.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"{lines.Count} answers in '{output}' ({lines.Count - done} in {seconds:F1} s)")).ConfigureAwait(false);
    }
}
