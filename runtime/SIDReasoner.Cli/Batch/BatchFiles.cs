using System.Security.Cryptography;
using System.Text;
using SIDReasoner.Core;
using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Cli.Batch;

/// <summary>The files of a batch run: the input read and checked whole, the output and what a resume needs beside it.</summary>
internal static class BatchFiles
{
    /// <summary>Refuses what must not run before a model is loaded.</summary>
    /// <exception cref="SidReasonerException">The input is missing, the output is the input, or its folder is missing.</exception>
    public static void CheckPaths(string input, string output)
    {
        if (!File.Exists(input))
        {
            throw new SidReasonerException($"The input '{input}' does not exist.");
        }

        if (Real(input) == Real(output) || Real(input) == Real(PartialPath(output)))
        {
            throw new SidReasonerException($"--input and --output are the same file, '{input}'. Name another output.");
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(output))!;
        if (!Directory.Exists(folder) || Directory.Exists(output))
        {
            throw new SidReasonerException($"'{output}' cannot be written: {(Directory.Exists(output) ? "it is a folder" : $"the folder '{folder}' does not exist")}.");
        }
    }

    public static string PartialPath(string output) => output + ".partial";

    public static string ResumePath(string output) => output + ".resume";

    /// <summary>Reads every line and checks it as the job does.</summary>
    /// <exception cref="InvalidFileException">Lines are damaged and <paramref name="skipBad"/> is false: all of them, by number.</exception>
    public static List<BatchLine<TRequest>> Read<TRequest, TAnswer>(IBatchJob<TRequest, TAnswer> job, string input, bool skipBad, TextWriter error)
    {
        var lines = new List<BatchLine<TRequest>>();
        var problems = new List<string>();
        var firstLineOfId = new Dictionary<string, int>(StringComparer.Ordinal);
        int number = 0;
        foreach (string text in File.ReadLines(input, new UTF8Encoding(false, throwOnInvalidBytes: false)))
        {
            number++;
            if (string.IsNullOrWhiteSpace(text))
            {
                continue;
            }

            try
            {
                BatchLine<TRequest> line = BatchLine.Parse(number, text, job);
                if (!firstLineOfId.TryAdd(line.IdJson, number))
                {
                    throw new SidReasonerException($"id {line.IdJson} is already on line {firstLineOfId[line.IdJson]}; expected every id once");
                }

                job.Validate(line.Request);
                lines.Add(line);
            }
            catch (SidReasonerException exception)
            {
                problems.Add($"line {number}: {exception.Message}");
            }
        }

        if (problems.Count > 0 && !skipBad)
        {
            throw new InvalidFileException(input, problems.Count == 1 ? [problems[0] + " (--skip-bad-lines goes on with the rest)"] : [.. problems, "(--skip-bad-lines goes on with the rest)"]);
        }

        foreach (string problem in problems)
        {
            error.WriteLine($"skipped {problem}");
        }

        return lines.Count > 0 ? lines : throw new InvalidFileException(input, "no request in it; expected a JSON object a line.");
    }

    /// <summary>What must be the same for a run to be gone on with.</summary>
    public static string Fingerprint<TRequest, TAnswer>(IBatchJob<TRequest, TAnswer> job, string input, bool skipBad)
    {
        using FileStream stream = File.OpenRead(input);
        return $"{job.Fingerprint}, input {Convert.ToHexStringLower(SHA256.HashData(stream))}, skip-bad-lines {skipBad}";
    }

    /// <summary>Finds how many answers an earlier run left, after cutting off a torn last line.</summary>
    /// <returns>Complete lines in the partial file; 0 where there is none.</returns>
    /// <exception cref="SidReasonerException">The earlier run had other options.</exception>
    public static int Resume(string output, string fingerprint)
    {
        string resume = ResumePath(output), partial = PartialPath(output);
        if (!File.Exists(resume) || !File.Exists(partial))
        {
            File.Delete(partial);
            AtomicFile.WriteText(resume, fingerprint + "\n");
            return 0;
        }

        string earlier = File.ReadAllText(resume).Trim();
        if (earlier != fingerprint)
        {
            throw new SidReasonerException(
                $"An unfinished run with other options or another input lies beside '{output}'.\n  then: {earlier}\n  now:  {fingerprint}\n  Use the same ones to go on, or delete '{partial}' and '{resume}' to start again.");
        }

        return CutTornLine(partial);
    }

    private static int CutTornLine(string partial)
    {
        using var stream = new FileStream(partial, FileMode.Open, FileAccess.ReadWrite);
        int lines = 0;
        long end = 0;
        byte[] buffer = new byte[1 << 16];
        long position = 0;
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            for (int i = 0; i < read; i++)
            {
                if (buffer[i] == (byte)'\n')
                {
                    lines++;
                    end = position + i + 1;
                }
            }

            position += read;
        }

        stream.SetLength(end);
        return lines;
    }

    private static string Real(string path)
    {
        string full = Path.GetFullPath(path);
        return File.Exists(full) ? new FileInfo(full).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? full : full;
    }
}
