using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using SIDReasoner.Core.Hosting;

namespace SIDReasoner.Cli.Batch;

/// <summary>Answers a file of requests: in order, several at once, resumable.</summary>
internal static class BatchRun
{
    public static async Task RunAsync<TRequest, TAnswer>(IBatchJob<TRequest, TAnswer> job, string input, string output, bool skipBad, CancellationToken cancellation)
    {
        List<BatchLine<TRequest>> lines = BatchFiles.Read(job, input, skipBad, Console.Error);
        int done = BatchFiles.Resume(output, BatchFiles.Fingerprint(job, input, skipBad));
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
            await foreach (TAnswer answer in job.AnswerAsync(lines.Skip(done).Select(line => line.Request), cancellation).ConfigureAwait(false))
            {
                await stream.WriteAsync(Line(job, lines[next].IdJson, answer), cancellation).ConfigureAwait(false);
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
            CultureInfo.InvariantCulture, $"{lines.Count} answers in '{output}' ({lines.Count - done} in {seconds:F1} s; {ProcessMemory.Read()})")).ConfigureAwait(false);
    }

    private static ReadOnlyMemory<byte> Line<TRequest, TAnswer>(IBatchJob<TRequest, TAnswer> job, string idJson, TAnswer answer)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, AnswerJson.Plain))
        {
            json.WriteStartObject();
            json.WritePropertyName("id");
            json.WriteRawValue(idJson);
            job.Write(json, answer);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
