namespace SIDReasoner.Decoding;

/// <summary>
/// The beams of one or more requests while a kernel moves them down the trie, as parallel arrays: request r owns the slots
/// <see cref="Offset"/>(r) to <see cref="Offset"/>(r) + <see cref="Width"/>(r) - 1, of which the first <see cref="Count"/>(r) are in use, best first.
/// </summary>
/// <remarks>All live beams of a batch stand at one <see cref="Depth"/>. Allocates when made and when reshaped to a larger batch, never in between. Serves one thread.</remarks>
public sealed class BeamBatch
{
    /// <summary>The row of a beam that has ended or is decided: it has no logits, keeps its score and competes unchanged.</summary>
    public const int NoRow = -1;

    /// <summary>The token of a beam that was carried over without a step.</summary>
    public const int NoToken = -1;

    private int[] _offsets = [0];
    private int[] _counts = [];
    private int[] _rows = [];
    private uint[] _nodes = [];
    private float[] _scores = [];
    private int[] _parents = [];
    private int[] _tokens = [];

    /// <summary>Requests in the batch (B).</summary>
    public int RequestCount { get; private set; }

    /// <summary>Depth of the live beams' nodes: 0 at the root. A kernel adds 1.</summary>
    public int Depth { get; set; }

    /// <summary>For each beam the row of the logits it reads, or <see cref="NoRow"/>. Read by the kernel, written by the search.</summary>
    public Span<int> Rows => _rows;

    /// <summary>For each beam its node, local to <see cref="Depth"/>; a beam without a row keeps what it has.</summary>
    public Span<uint> Nodes => _nodes;

    /// <summary>For each beam the sum of natural-log probabilities since the root.</summary>
    public Span<float> Scores => _scores;

    /// <summary>Written by the kernel: the place, within its request before the step, of the beam that this one continues.</summary>
    public Span<int> Parents => _parents;

    /// <summary>Written by the kernel: the token id appended, or <see cref="NoToken"/>.</summary>
    public Span<int> Tokens => _tokens;

    /// <summary>First slot of a request.</summary>
    /// <param name="request">From 0 to <see cref="RequestCount"/> - 1.</param>
    /// <returns>The slot's index in the arrays.</returns>
    public int Offset(int request) => _offsets[request];

    /// <summary>Most beams that a request keeps (W).</summary>
    /// <param name="request">From 0 to <see cref="RequestCount"/> - 1.</param>
    /// <returns>The width, at least 1.</returns>
    public int Width(int request) => _offsets[request + 1] - _offsets[request];

    /// <summary>Beams of a request that are in use.</summary>
    /// <param name="request">From 0 to <see cref="RequestCount"/> - 1.</param>
    /// <returns>From 0 to the request's width.</returns>
    public int Count(int request) => _counts[request];

    /// <summary>Says how many beams of a request are in use.</summary>
    /// <param name="request">From 0 to <see cref="RequestCount"/> - 1.</param>
    /// <param name="count">From 0 to the request's width.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is out of range.</exception>
    public void SetCount(int request, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Width(request));
        _counts[request] = count;
    }

    /// <summary>Starts a search: one beam a request at the root, score 0, reading the request's row.</summary>
    /// <param name="widths">Beams kept a request, each at least 1.</param>
    /// <exception cref="ArgumentException">No request, or a width below 1; nothing changes.</exception>
    public void Reset(ReadOnlySpan<int> widths)
    {
        if (widths.IsEmpty)
        {
            throw new ArgumentException("A batch holds at least one request; found none.", nameof(widths));
        }

        foreach (int width in widths)
        {
            if (width < 1)
            {
                throw new ArgumentException($"A beam width is {width}; expected at least 1.", nameof(widths));
            }
        }

        if (_offsets.Length < widths.Length + 1)
        {
            _offsets = new int[widths.Length + 1];
            _counts = new int[widths.Length];
        }

        for (int request = 0; request < widths.Length; request++)
        {
            _offsets[request + 1] = checked(_offsets[request] + widths[request]);
        }

        int slots = _offsets[widths.Length];
        if (_rows.Length < slots)
        {
            _rows = new int[slots];
            _nodes = new uint[slots];
            _scores = new float[slots];
            _parents = new int[slots];
            _tokens = new int[slots];
        }

        RequestCount = widths.Length;
        Depth = 0;
        for (int request = 0; request < widths.Length; request++)
        {
            int slot = _offsets[request];
            _counts[request] = 1;
            _rows[slot] = request;
            _nodes[slot] = 0;
            _scores[slot] = 0;
        }
    }
}
