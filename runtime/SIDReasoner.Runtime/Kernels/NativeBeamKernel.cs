using System.Runtime.InteropServices;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Runtime.Interop;

namespace SIDReasoner.Runtime.Kernels;

/// <summary>The selection step of libsidr on the CPU (AVX-512, AVX2 or plain C++, chosen at run time): the results of <see cref="ManagedBeamKernel"/>, bit for bit.</summary>
/// <remarks>
/// Works on the managed trie's own bytes and on the session's logits where they lie, float32, float16 or bfloat16. Keeps a reference to
/// the last trie and to the filters of the last batch. Buffers are the garbage collector's, so there is nothing to dispose.
/// </remarks>
public sealed unsafe class NativeBeamKernel : IBeamKernel
{
    private const int Alignment = 256;

    private readonly FilterSlots _filters = new();
    private readonly ManagedBeamKernel _managed = new();
    private SidTrie? _trie;
    private NativeTrie? _native;
    private uint[] _starts = [];
    private uint[] _nextNodes = [];
    private float[] _nextScores = [];
    private byte[] _workspace = [];
    private nint _workspaceAddress;

    /// <summary>Makes a kernel.</summary>
    /// <exception cref="NativeLibraryException">libsidr cannot be loaded: each path tried, and why not.</exception>
    public NativeBeamKernel()
    {
        if (SidrLibrary.Problem is { } problem)
        {
            throw problem;
        }
    }

    /// <summary>Why there can be no such kernel in this process; null where there can.</summary>
    public static NativeLibraryException? Problem => SidrLibrary.Problem;

    /// <inheritdoc/>
    /// <exception cref="NativeKernelException">libsidr refuses the trie or the call; <paramref name="beams"/> is unusable afterwards.</exception>
    public void Advance(SidTrie trie, in LogitsView sidLogits, in LogitsView logSumExp, ReadOnlySpan<SidFilter?> filters, BeamBatch beams)
    {
        BeamStepRules.Check(trie, sidLogits, logSumExp, filters, beams);
        int widest = Prepare(beams);
        Use(trie);
        if (!HasFiniteSums(logSumExp, beams) || !Step(trie, sidLogits, logSumExp, filters, beams, widest))
        {
            // The managed kernel finds the same fault on the same beams and names row, column and value.
            _managed.Advance(trie, sidLogits, logSumExp, filters, beams);
            throw new NativeKernelException(NativeStatus.InternalError, "libsidr refused logits that the managed kernel takes. Set Kernel=Managed and report the model.");
        }

        GC.KeepAlive(trie);
        beams.Depth++;
    }

    /// <summary>Reads the batch's shape, marks unused slots and makes room.</summary>
    /// <returns>The widest request.</returns>
    private int Prepare(BeamBatch beams)
    {
        int requests = beams.RequestCount, widest = 0;
        if (_starts.Length < requests + 1)
        {
            _starts = new uint[requests + 1];
        }

        for (int request = 0; request < requests; request++)
        {
            int width = beams.Width(request);
            if (width > NativeMethods.MaxBeams)
            {
                throw new ArgumentException($"Request {request} keeps {width} beams; the native kernel keeps at most {NativeMethods.MaxBeams}.", nameof(beams));
            }

            widest = Math.Max(widest, width);
            _starts[request] = (uint)beams.Offset(request);
            int count = beams.Count(request);
            beams.Nodes.Slice(beams.Offset(request) + count, width - count).Fill(NativeMethods.NodeDead);
        }

        _starts[requests] = (uint)beams.Offset(requests);
        if (_nextNodes.Length < (int)_starts[requests])
        {
            _nextNodes = new uint[_starts[requests]];
            _nextScores = new float[_starts[requests]];
        }

        return widest;
    }

    private void Use(SidTrie trie)
    {
        if (!ReferenceEquals(_trie, trie))
        {
            _native = NativeTrie.Of(trie);
            _trie = trie;
            _filters.Clear();
        }
    }

    private static bool HasFiniteSums(in LogitsView logSumExp, BeamBatch beams)
    {
        if (logSumExp.Rows == 0)
        {
            return true;
        }

        float* sums = (float*)logSumExp.Pointer;
        for (int request = 0; request < beams.RequestCount; request++)
        {
            foreach (int row in beams.Rows.Slice(beams.Offset(request), beams.Count(request)))
            {
                if (row != BeamBatch.NoRow && !float.IsFinite(sums[row]))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Runs the step and takes its results over.</summary>
    /// <returns>False where logits or nodes are invalid; the beams are then as they were.</returns>
    private bool Step(SidTrie trie, in LogitsView sidLogits, in LogitsView logSumExp, ReadOnlySpan<SidFilter?> filters, BeamBatch beams, int widest)
    {
        SafeTrieHandle handle = _native!.Handle;
        bool filtered = _filters.Fill(filters, trie.LevelCount, _native.FilterWords);
        fixed (uint* starts = _starts, nodes = beams.Nodes, nextNodes = _nextNodes)
        fixed (float* scores = beams.Scores, nextScores = _nextScores)
        fixed (int* rows = beams.Rows, parents = beams.Parents, tokens = beams.Tokens, slotOf = _filters.SlotOf)
        fixed (ulong* words = _filters.Words)
        {
            var args = new SidrBeamAdvanceArgs
            {
                Size = (uint)sizeof(SidrBeamAdvanceArgs),
                Depth = (uint)beams.Depth,
                Requests = (uint)beams.RequestCount,
                Beams = starts[beams.RequestCount],
                MaxWidth = (uint)widest,
                Rows = (uint)sidLogits.Rows,
                LogitsType = (uint)sidLogits.Type,
                ScoreMode = logSumExp.Rows > 0 ? NativeMethods.ScoreGiven : NativeMethods.ScoreChildren,
                ColumnKind = NativeMethods.ColumnsSid,
                RowWidth = (uint)trie.ColumnCount,
                RowStride = (ulong)trie.ColumnCount,
                LogSumExp = (float*)logSumExp.Pointer,
                RequestStart = starts,
                Row = rows,
                Nodes = nodes,
                Scores = scores,
                NextNodes = nextNodes,
                NextScores = nextScores,
                Parents = parents,
                Tokens = (uint*)tokens,
                FilterBits = filtered ? words : null,
                FilterOf = filtered ? slotOf : null,
                FilterStride = (ulong)_native.FilterWords,
            };
            NativeMethods.sidr_beam_advance_workspace_size(handle, args, out args.WorkspaceBytes).ThrowIfFailed();
            args.Workspace = Workspace(args.WorkspaceBytes);

            // Where every beam has ended there are no rows; the address only has to be one.
            args.SidLogits = sidLogits.Rows > 0 ? (void*)sidLogits.Pointer : args.Workspace;
            NativeStatus status = NativeMethods.sidr_beam_advance(handle, args);
            if (status == NativeStatus.InvalidLogits)
            {
                return false;
            }

            status.ThrowIfFailed();
        }

        TakeOver(beams);
        return true;
    }

    private void TakeOver(BeamBatch beams)
    {
        for (int request = 0; request < beams.RequestCount; request++)
        {
            int offset = beams.Offset(request), width = beams.Width(request), count = 0;
            while (count < width && beams.Parents[offset + count] >= 0)
            {
                count++;
            }

            _nextNodes.AsSpan(offset, count).CopyTo(beams.Nodes[offset..]);
            _nextScores.AsSpan(offset, count).CopyTo(beams.Scores[offset..]);
            beams.SetCount(request, count);
        }
    }

    private void* Workspace(ulong bytes)
    {
        if ((ulong)_workspace.Length < bytes + Alignment)
        {
            _workspace = GC.AllocateUninitializedArray<byte>(checked((int)bytes + Alignment), pinned: true);
            nint address = Marshal.UnsafeAddrOfPinnedArrayElement(_workspace, 0);
            _workspaceAddress = (address + Alignment - 1) & ~(nint)(Alignment - 1);
        }

        return (void*)_workspaceAddress;
    }
}
