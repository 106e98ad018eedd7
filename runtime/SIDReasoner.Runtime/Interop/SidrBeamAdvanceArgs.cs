using System.Runtime.InteropServices;

namespace SIDReasoner.Runtime.Interop;

/// <summary><c>sidr_beam_advance_args</c>; what each field means is written there.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SidrBeamAdvanceArgs
{
    public uint Size;
    public uint Depth;
    public uint Requests;
    public uint Beams;
    public uint MaxWidth;
    public uint Rows;
    public uint LogitsType;
    public uint ScoreMode;
    public uint ColumnKind;
    public uint FirstColumn;
    public uint RowWidth;
    public uint AncestorStride;
    public ulong RowStride;
    public void* SidLogits;
    public float* LogSumExp;
    public uint* RequestStart;
    public int* Row;
    public uint* Nodes;
    public float* Scores;
    public uint* NextNodes;
    public float* NextScores;
    public int* Parents;
    public uint* Tokens;
    public int* NextRow;
    public long* InputIds;
    public long* Positions;
    public long* BasePosition;
    public int* Ancestors;
    public int* NextAncestors;
    public ulong* FilterBits;
    public int* FilterOf;
    public ulong FilterStride;
    public uint* Flags;
    public void* Workspace;
    public ulong WorkspaceBytes;
    public void* Stream;
}
