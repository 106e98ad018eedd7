namespace SIDReasoner.Core.Tries;

/// <summary>What a reader checks before it uses the arrays; see docs/formats/sidtrie.md.</summary>
internal sealed unsafe class TrieChecks
{
    private readonly TrieImage _image;
    private readonly TrieHeader* _header;
    private readonly List<string> _problems = [];
    private readonly Dictionary<(uint Kind, uint Depth), TrieSection> _sections = [];

    private TrieChecks(TrieImage image)
    {
        _image = image;
        _header = (TrieHeader*)image.Pointer;
    }

    /// <summary>Every problem found; a part that is wrong stops the checks that build on it.</summary>
    public static List<string> Run(TrieImage image)
    {
        var checks = new TrieChecks(image);
        if (checks.Header() && checks.Table() && checks.Contents())
            new TrieStructureChecks(image, checks._sections, checks._problems).Run();
        return checks._problems;
    }

    private bool Header()
    {
        if (_image.Length < TrieFormat.HeaderBytes)
            return Fail($"{_image.Length} bytes long; a trie file has a header of {TrieFormat.HeaderBytes}. Export it again.");
        if (!new ReadOnlySpan<byte>(_header->Magic, 8).SequenceEqual(TrieFormat.Magic))
            return Fail("does not begin with 'SIDTRIE'; expected a catalog.sidtrie file.");
        if (_header->Major != TrieFormat.MajorVersion)
            return Fail($"has format version {_header->Major}.{_header->Minor}; this program reads {TrieFormat.MajorVersion}.x. Export the bundle again with this version.");
        if (_header->HeaderBytes != TrieFormat.HeaderBytes)
            return Fail($"header: says it is {_header->HeaderBytes} bytes long; expected {TrieFormat.HeaderBytes}.");
        if (_header->FileBytes != (ulong)_image.Length)
            return Fail($"is {_image.Length} bytes long; its header says {_header->FileBytes}. It is cut off or has grown; export it again.");
        if (_header->Levels is 0 or > TrieFormat.MaxLevels)
            return Fail($"header: {_header->Levels} levels; expected 1 to {TrieFormat.MaxLevels}.");
        if (TrieFormat.HeaderBytes + (long)TrieFormat.SectionBytes * _header->SectionCount > _image.Length)
            return Fail($"header: {_header->SectionCount} sections do not fit into {_image.Length} bytes.");
        var crc = TrieImageWriter.HeaderCrc(_image.Pointer, (int)_header->SectionCount);
        if (crc != _header->Crc)
            return Fail($"header and section table: checksum {crc:x8}; expected {_header->Crc:x8}. The file is damaged; export it again.");
        const uint known = TrieFormat.FlagRagged | TrieFormat.FlagSharedSids | TrieFormat.FlagReordered;
        if (_header->Minor == TrieFormat.MinorVersion && (_header->Flags & ~known) != 0)
            return Fail($"header: flags {_header->Flags:x}; expected only {known:x}.");
        return _header->Items is > 0 and <= int.MaxValue || Fail($"header: {_header->Items} items; expected 1 to {int.MaxValue}.");
    }

    /// <summary>Places, order and uniqueness of the sections, and that all and only the expected ones are there.</summary>
    private bool Table()
    {
        var table = (TrieSection*)(_image.Pointer + TrieFormat.HeaderBytes);
        var expected = TrieFormat.Align(TrieFormat.HeaderBytes + (long)TrieFormat.SectionBytes * _header->SectionCount);
        var previous = (Kind: 0u, Depth: 0u);
        for (var i = 0; i < _header->SectionCount; i++)
        {
            var section = table[i];
            var name = TrieFormat.Name(section.Kind, section.Depth);
            if (section.Offset != (ulong)expected)
                return Fail($"{name}: begins at byte {section.Offset}; expected {expected}.");
            if (section.Bytes > (ulong)(_image.Length - expected))
                return Fail($"{name}: {section.Bytes} bytes at {section.Offset} go beyond the file's {_image.Length}.");
            expected = TrieFormat.Align(expected + (long)section.Bytes);
            if ((section.Kind, section.Depth).CompareTo(previous) <= 0)
                return Fail($"{name}: out of order; expected sections by kind, then depth, each once.");
            previous = (section.Kind, section.Depth);
            if (section.Kind is >= TrieFormat.FirstChild and <= TrieFormat.FirstChildBase)
                _sections.Add(previous, section);
            else if (_header->Minor == TrieFormat.MinorVersion)
                return Fail($"{name}: not known to version {TrieFormat.MajorVersion}.{TrieFormat.MinorVersion}.");
        }

        if (expected != _image.Length)
            return Fail($"the sections end at byte {expected}; the file has {_image.Length}.");
        return Presence();
    }

    private bool Presence()
    {
        var levels = _header->Levels;
        var required = new List<(uint Kind, uint Depth)>();
        for (uint depth = 0; depth < levels; depth++)
            required.Add((TrieFormat.FirstChild, depth));
        for (uint depth = 1; depth <= levels; depth++)
            required.AddRange([(TrieFormat.Rank, depth), (TrieFormat.TokenOf, depth)]);
        required.Add((TrieFormat.SidColumns, 0));
        foreach (var (kind, depth) in _sections.Keys.Where(key => key.Kind == TrieFormat.FirstChild && _sections[key].ElementSize == sizeof(ushort)))
            required.Add((TrieFormat.FirstChildBase, depth));
        if ((_header->Flags & TrieFormat.FlagSharedSids) != 0)
            required.Add((TrieFormat.ItemStart, 0));
        if ((_header->Flags & TrieFormat.FlagReordered) != 0)
            required.Add((TrieFormat.ItemIds, 0));
        foreach (var (kind, depth) in required.Where(key => !_sections.ContainsKey(key)))
            _problems.Add($"{TrieFormat.Name(kind, depth)}: missing; {levels} levels and flags {_header->Flags} ask for it.");
        var ends = _sections.Keys.Where(key => key.Kind == TrieFormat.EndRank).ToList();
        if (ends.Count > 0 != ((_header->Flags & TrieFormat.FlagRagged) != 0))
            _problems.Add($"header: the ragged flag is {(_header->Flags & TrieFormat.FlagRagged) != 0} with {ends.Count} end_rank sections.");
        foreach (var (kind, depth) in _sections.Keys.Except(required).Where(key => key.Kind != TrieFormat.EndRank || key.Depth == 0 || key.Depth >= levels))
            _problems.Add($"{TrieFormat.Name(kind, depth)}: not expected with {levels} levels and flags {_header->Flags}.");
        return _problems.Count == 0;
    }

    /// <summary>Checksums, and zeros between the sections.</summary>
    private bool Contents()
    {
        var table = (TrieSection*)(_image.Pointer + TrieFormat.HeaderBytes);
        long end = TrieFormat.HeaderBytes + TrieFormat.SectionBytes * _header->SectionCount;
        for (var i = 0; i <= _header->SectionCount; i++)
        {
            var next = i == _header->SectionCount ? _image.Length : (long)table[i].Offset;
            if (new ReadOnlySpan<byte>(_image.Pointer + end, (int)(next - end)).ContainsAnyExcept((byte)0))
                _problems.Add($"bytes {end} to {next - 1}: expected zeros between sections. The file is damaged; export it again.");
            if (i == _header->SectionCount)
                break;
            end = next + (long)table[i].Bytes;
            var crc = Crc32C.Compute(_image.Pointer + next, (long)table[i].Bytes);
            if (crc != table[i].Crc)
                _problems.Add($"{TrieFormat.Name(table[i].Kind, table[i].Depth)}: checksum {crc:x8}; expected {table[i].Crc:x8}. The file is damaged; export it again.");
        }

        return _problems.Count == 0;
    }

    private bool Fail(string problem)
    {
        _problems.Add(problem);
        return false;
    }
}
