using SIDReasoner.Cli.Batch;

namespace SIDReasoner.Cli.Evaluation;

/// <summary>The rows of an evaluation, kept beside its report so that a stopped run goes on; without a report in memory alone.</summary>
internal sealed class RowLog : IDisposable
{
    private readonly List<RowResult> _rows = [];
    private readonly string? _report;
    private FileStream? _stream;

    private RowLog(string? report) => _report = report;

    /// <summary>The rows so far, in the data's order.</summary>
    public IReadOnlyList<RowResult> Rows => _rows;

    /// <summary>A log in memory.</summary>
    public static RowLog InMemory() => new(null);

    /// <summary>Opens the log beside a report, with the rows of an earlier run that had the same settings.</summary>
    /// <exception cref="Core.SidReasonerException">The earlier run had others.</exception>
    public static RowLog Beside(string report, string fingerprint)
    {
        var log = new RowLog(report);
        int done = BatchFiles.Resume(report, fingerprint);
        string partial = BatchFiles.PartialPath(report);
        if (done > 0)
        {
            log._rows.AddRange(File.ReadLines(partial).Select(RowResult.FromLine));
        }

        log._stream = new FileStream(partial, FileMode.Append, FileAccess.Write, FileShare.Read, 1 << 16);
        return log;
    }

    /// <summary>Keeps a row.</summary>
    public void Add(RowResult row)
    {
        _rows.Add(row);
        if (_stream is not null)
        {
            _stream.Write(row.ToLine().Span);
            _stream.WriteByte((byte)'\n');
        }
    }

    /// <summary>Writes what is buffered.</summary>
    public void Flush() => _stream?.Flush();

    /// <summary>Removes what a resume needed: the report is written.</summary>
    public void Complete()
    {
        if (_report is not null)
        {
            _stream?.Dispose();
            _stream = null;
            File.Delete(BatchFiles.PartialPath(_report));
            File.Delete(BatchFiles.ResumePath(_report));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stream?.Dispose();
}
