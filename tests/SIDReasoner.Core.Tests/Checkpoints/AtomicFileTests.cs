using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using Xunit;

namespace SIDReasoner.Core.Tests.Checkpoints;

public class AtomicFileTests
{
    [Fact]
    public void Write_DiskFull_OldFileIntactAndNothingLeft()
    {
        using var folder = new TempFolder();
        var path = folder.Write("a.bin", "old");

        var error = Assert.Throws<SidReasonerException>(() => AtomicFile.Write(path, stream => stream.Write(new byte[100]), file => new FullDisk(file, 60)));

        Assert.Contains("No space left on device", error.Message);
        Assert.Contains("Nothing was changed", error.Message);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void Write_WriterThrows_OldFileIntactAndNothingLeft()
    {
        using var folder = new TempFolder();
        var path = folder.Write("a.bin", "old");

        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.WriteByte(1);
            throw new InvalidOperationException("mine");
        }));

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void Write_NewFolder_IsMade()
    {
        using var folder = new TempFolder();

        AtomicFile.WriteText(folder.File("b", "c", "a.txt"), "caf\u00e9\n");

        Assert.Equal("caf\u00e9\n"u8.ToArray(), File.ReadAllBytes(folder.File("b", "c", "a.txt")));
        Assert.Single(Directory.GetFiles(folder.File("b", "c")));
    }

    [Fact]
    public void Write_FolderIsAFile_SaysSo()
    {
        using var folder = new TempFolder();
        folder.Write("b", "a file");

        var error = Assert.Throws<SidReasonerException>(() => new ItemCatalog([new Item("1", "t", SemanticId.Parse("<a_1>"))]).Save(folder.File("b")));

        Assert.Contains("Cannot write", error.Message);
    }

    /// <summary>A stream that takes so many bytes and then fails as the system does.</summary>
    private sealed class FullDisk(Stream inner, int room) : Stream
    {
        private int _room = room;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => throw new NotSupportedException();
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count)
        {
            inner.Write(buffer, offset, Math.Min(count, _room));
            _room -= count;
            if (_room < 0)
                throw new IOException("No space left on device");
        }
    }
}
