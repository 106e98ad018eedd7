using System.IO.MemoryMappedFiles;

namespace SIDReasoner.Core.Checkpoints;

/// <summary>A file mapped for reading. The address stays valid until <see cref="Dispose"/> or, failing that, until nothing refers to this object.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;

    private MappedFile(MemoryMappedFile? file, MemoryMappedViewAccessor? view, byte* pointer, long length)
    {
        _file = file;
        _view = view;
        Pointer = pointer;
        Length = length;
    }

    /// <summary>The first byte; null for an empty file.</summary>
    public byte* Pointer { get; private set; }

    /// <summary>Bytes in the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>Maps a file.</summary>
    /// <exception cref="SidReasonerException">It is missing or cannot be read.</exception>
    public static MappedFile Open(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            var length = stream.Length;
            if (length == 0)
                return new MappedFile(null, null, null, 0);
            var file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            var view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            byte* pointer = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
            return new MappedFile(file, view, pointer + view.PointerOffset, length);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SidReasonerException($"Cannot read '{path}': {error.Message}", error);
        }
    }

    public void Dispose()
    {
        if (_view is null || Pointer == null)
            return;
        Pointer = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file!.Dispose();
    }
}
