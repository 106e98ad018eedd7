using System.Text;

namespace SIDReasoner.Core.Checkpoints;

/// <summary>Writes a file whole or not at all: to a temporary name in the same folder, flushed to disk, then renamed.</summary>
/// <remarks>Any number of threads may write different files. Two writers of one path: the last rename wins, and the file is one of the two, whole.</remarks>
public static class AtomicFile
{
    /// <summary>Writes <paramref name="path"/> through <paramref name="write"/>. An existing file is replaced only when everything is on disk.</summary>
    /// <param name="path">The file to make; its folder is made if missing.</param>
    /// <param name="write">Writes the contents; the stream is seekable and buffered.</param>
    /// <exception cref="SidReasonerException">The disk is full or the folder cannot be written. The temporary file is gone, an old file is as it was.</exception>
    public static void Write(string path, Action<Stream> write) => Write(path, write, stream => stream);

    /// <summary>Writes <paramref name="text"/> as UTF-8 without a byte order mark, as it is (no line ends added).</summary>
    /// <exception cref="SidReasonerException">As <see cref="Write(string, Action{Stream})"/>.</exception>
    public static void WriteText(string path, string text) => Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>The same, with a stream put between for tests (one that fails as a full disk does).</summary>
    internal static void Write(string path, Action<Stream> write, Func<Stream, Stream> wrap)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        var full = Path.GetFullPath(path);
        var temporary = Path.Combine(
            Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16))
            {
                var stream = wrap(file);
                write(stream);
                stream.Flush();
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception error)
        {
            TryDelete(temporary);
            if (error is IOException or UnauthorizedAccessException)
            {
                throw new SidReasonerException(
                    $"Cannot write '{path}': {error.Message.TrimEnd('.')}. Nothing was changed. Free space there or name another folder.", error);
            }

            throw;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to report; a temporary name that stays harms nobody.
        }
    }
}
