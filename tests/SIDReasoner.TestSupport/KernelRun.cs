using System.Runtime.InteropServices;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using Xunit;

namespace SIDReasoner.TestSupport;

/// <summary>
/// One random batch taken down one random catalogue: requests of different widths, filters, ended and decided beams, ties, dead ends, every
/// element type. At each step the kernel under test, the managed kernel and, where float32 gives no choice, a full sort must agree in every bit.
/// </summary>
public sealed unsafe class KernelRun : IDisposable
{
    private const int MaxRows = 256;

    private readonly Random _random;
    private readonly int[] _widths;
    private readonly SidFilter?[] _filters;
    private readonly TensorElementType _type;
    private readonly bool _isExact;
    private readonly bool _hasTies;
    private readonly byte* _logits;
    private readonly float* _sums;

    /// <summary>Draws catalogue and batch.</summary>
    /// <param name="seed">The seed; the same seed gives the same run.</param>
    public KernelRun(int seed)
    {
        _random = new Random(seed);
        RandomCatalog catalog = RandomCatalog.Draw(seed, maxItems: seed % 7 == 0 ? 3000 : 300);
        Trie = SidTrieBuilder.Build(catalog.Items, catalog.Columns);
        _widths = [.. Enumerable.Range(0, _random.Next(1, 6)).Select(_ => _random.Next(1, 41))];
        _type = (TensorElementType)_random.Next(3);
        _isExact = _random.Next(2) == 0;
        _hasTies = _random.Next(2) == 0;
        double share = new[] { 0.0, 0.1, 0.5, 0.9 }[_random.Next(4)];
        _filters = _random.Next(2) == 0 ? [] : [.. _widths.Select(_ => _random.Next(3) == 0 ? null : SidFilter.Create(Trie, _ => _random.NextDouble() < share))];
        if (_filters.Length > 1 && _random.Next(2) == 0)
        {
            _filters[1] = _filters[0];
        }

        _logits = (byte*)NativeMemory.Alloc((nuint)(MaxRows * Trie.ColumnCount * sizeof(float)));
        _sums = (float*)NativeMemory.Alloc(MaxRows * sizeof(float));
    }

    /// <summary>The catalogue's trie.</summary>
    public SidTrie Trie { get; }

    /// <summary>Goes from the root to the last level.</summary>
    /// <param name="kernel">The kernel under test.</param>
    public void Descend(IBeamKernel kernel)
    {
        var reference = new ManagedBeamKernel();
        var expected = new BeamBatch();
        var actual = new BeamBatch();
        expected.Reset(_widths);
        actual.Reset(_widths);
        int rows = _widths.Length;
        while (actual.Depth < Trie.LevelCount)
        {
            Fill(rows);
            var sidLogits = new LogitsView((nint)_logits, _type, DeviceKind.Cpu, rows, Trie.ColumnCount);
            LogitsView logSumExp = _isExact ? new LogitsView((nint)_sums, TensorElementType.Float32, DeviceKind.Cpu, rows, 1) : LogitsView.Empty;
            List<Place>[]? sorted = _isExact ? [.. Enumerable.Range(0, _widths.Length).Select(request => FullSort(sidLogits, actual, request))] : null;

            reference.Advance(Trie, sidLogits, logSumExp, _filters, expected);
            kernel.Advance(Trie, sidLogits, logSumExp, _filters, actual);

            Assert.Equal(expected.Depth, actual.Depth);
            for (int request = 0; request < _widths.Length; request++)
            {
                List<Place> got = PlacesOf(actual, request);
                Assert.Equal(PlacesOf(expected, request), got);
                if (sorted is not null)
                {
                    Assert.Equal(sorted[request], got);
                }
            }

            rows = AssignRows(expected, actual);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_logits);
        NativeMemory.Free(_sums);
        Trie.Dispose();
    }

    private void Fill(int rows)
    {
        for (int element = 0; element < rows * Trie.ColumnCount; element++)
        {
            float value = _random.Next(30) == 0 ? float.NegativeInfinity : (float)((_random.NextDouble() * 16) - 8);
            value = _hasTies ? MathF.Round(value) : value;
            switch (_type)
            {
                case TensorElementType.Float16:
                    ((Half*)_logits)[element] = (Half)value;
                    break;
                case TensorElementType.BFloat16:
                    ((ushort*)_logits)[element] = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
                    break;
                default:
                    ((float*)_logits)[element] = value;
                    break;
            }
        }

        for (int row = 0; row < rows; row++)
        {
            _sums[row] = _hasTies ? 10 + _random.Next(3) : 10 + (float)_random.NextDouble();
        }
    }

    private float Logit(int row, int column)
    {
        int element = (row * Trie.ColumnCount) + column;
        return _type switch
        {
            TensorElementType.Float16 => (float)((Half*)_logits)[element],
            TensorElementType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)_logits)[element] << 16),
            _ => ((float*)_logits)[element],
        };
    }

    private List<Place> FullSort(LogitsView sidLogits, BeamBatch beams, int request)
    {
        var candidates = new List<Place>();
        for (int parent = 0; parent < beams.Count(request); parent++)
        {
            int slot = beams.Offset(request) + parent, row = beams.Rows[slot];
            if (row == BeamBatch.NoRow)
            {
                candidates.Add(new Place(parent, BeamBatch.NoToken, beams.Nodes[slot], beams.Scores[slot]));
                continue;
            }

            Assert.InRange(row, 0, sidLogits.Rows - 1);
            Trie.Children(beams.Depth, beams.Nodes[slot], out uint first, out uint end);
            for (uint node = first; node < end; node++)
            {
                float score = beams.Scores[slot] + (Logit(row, Trie.Column(beams.Depth + 1, node)) - _sums[row]);
                bool isAllowed = _filters.Length == 0 || _filters[request] is not { } filter || filter.IsAllowed(beams.Depth + 1, node);
                if (isAllowed && score != float.NegativeInfinity)
                {
                    candidates.Add(new Place(parent, (int)Trie.Token(beams.Depth + 1, node), node, score));
                }
            }
        }

        return [.. candidates.OrderByDescending(place => place.Score).ThenBy(place => place.Parent).ThenBy(place => place.Token).Take(beams.Width(request))];
    }

    private static List<Place> PlacesOf(BeamBatch beams, int request)
    {
        int offset = beams.Offset(request);
        return [.. Enumerable.Range(offset, beams.Count(request)).Select(slot => new Place(beams.Parents[slot], beams.Tokens[slot], beams.Nodes[slot], beams.Scores[slot]))];
    }

    /// <summary>Gives rows to the beams that go on, in no order; some that could go on are declared decided.</summary>
    private int AssignRows(BeamBatch expected, BeamBatch actual)
    {
        var live = new List<int>();
        for (int request = 0; request < _widths.Length; request++)
        {
            for (int slot = actual.Offset(request); slot < actual.Offset(request) + actual.Count(request); slot++)
            {
                bool goesOn = actual.Tokens[slot] != BeamBatch.NoToken && !Trie.IsEnd(actual.Depth, actual.Nodes[slot]) && _random.Next(12) != 0;
                expected.Rows[slot] = actual.Rows[slot] = BeamBatch.NoRow;
                if (goesOn)
                {
                    live.Add(slot);
                }
            }
        }

        int[] order = [.. live];
        _random.Shuffle(order);
        for (int row = 0; row < order.Length; row++)
        {
            expected.Rows[order[row]] = actual.Rows[order[row]] = row;
        }

        return order.Length;
    }

    private readonly record struct Place(int Parent, int Token, uint Node, float Score);
}
