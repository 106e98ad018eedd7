using System.Buffers.Binary;
using System.IO.Compression;

namespace SIDReasoner.Core.Items;

/// <summary>A gzip stream that refuses a file that was cut off, which <see cref="GZipStream"/> alone may take for the end.</summary>
internal sealed class WholeGzip : GZipStream
{
    private readonly uint _expected;
    private uint _read;

    private WholeGzip(Stream file, uint expected)
        : base(file, CompressionMode.Decompress)
    {
        _expected = expected;
    }

    /// <summary>Opens a seekable file of one gzip member, whose last four bytes are the unpacked length modulo 2^32.</summary>
    /// <exception cref="InvalidDataException">The file is too short to be one.</exception>
    public static WholeGzip Open(Stream file)
    {
        Span<byte> trailer = stackalloc byte[4];
        if (file.Length < 18)
            throw new InvalidDataException($"{file.Length} bytes are too few for a gzip file.");
        file.Seek(-4, SeekOrigin.End);
        file.ReadExactly(trailer);
        file.Seek(0, SeekOrigin.Begin);
        return new WholeGzip(file, BinaryPrimitives.ReadUInt32LittleEndian(trailer));
    }

    public override int Read(byte[] buffer, int offset, int count) => Count(base.Read(buffer, offset, count), count);

    public override int Read(Span<byte> buffer) => Count(base.Read(buffer), buffer.Length);

    private int Count(int count, int asked)
    {
        _read += (uint)count;
        if (count == 0 && asked > 0 && _read != _expected)
            throw new InvalidDataException($"The gzip file ends after {_read} bytes of {_expected}.");
        return count;
    }
}
