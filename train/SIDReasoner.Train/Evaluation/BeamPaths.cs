using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;

namespace SIDReasoner.Train.Evaluation;

/// <summary>Which cache columns and which SID each beam of a batch stands for, level by level.</summary>
internal sealed class BeamPaths
{
    private const int Live = -1;

    private readonly int _batch;
    private readonly int _width;
    private readonly int _promptLength;
    private int[] _sidNumbers;
    private int[][] _columns; // by slot: the path's cache columns, oldest first
    private int _nextColumn;
    private long[] _tokens = [];

    /// <summary>Starts with one empty path a prompt.</summary>
    public BeamPaths(int batch, int width, int promptLength)
    {
        _batch = batch;
        _width = width;
        _promptLength = promptLength;
        _nextColumn = promptLength;
        _sidNumbers = new int[batch * width];
        Array.Fill(_sidNumbers, Live);
        _columns = new int[batch * width][];
        Array.Fill(_columns, []);
    }

    /// <summary>Rows of the next forward for each prompt, the same for all; surplus rows are computed and ignored.</summary>
    public int RowsPerPrompt { get; private set; }

    /// <summary>Follows the beams after the kernel's step and gives each live one its row.</summary>
    /// <returns>False when every path has ended.</returns>
    public bool Take(BeamBatch beams, SidTrie trie)
    {
        var sidNumbers = new int[_sidNumbers.Length];
        var columns = new int[_columns.Length][];
        RowsPerPrompt = 0;
        for (int prompt = 0; prompt < _batch; prompt++)
        {
            int row = 0;
            for (int slot = beams.Offset(prompt); slot < beams.Offset(prompt) + beams.Count(prompt); slot++)
            {
                int parent = beams.Offset(prompt) + beams.Parents[slot];
                columns[slot] = _columns[parent];
                sidNumbers[slot] = beams.Tokens[slot] == BeamBatch.NoToken ? _sidNumbers[parent]
                    : trie.IsEnd(beams.Depth, beams.Nodes[slot]) ? trie.SidNumber(beams.Depth, beams.Nodes[slot])
                    : Live;
                beams.Rows[slot] = sidNumbers[slot] == Live ? row++ : BeamBatch.NoRow;
            }

            RowsPerPrompt = Math.Max(RowsPerPrompt, row);
        }

        _sidNumbers = sidNumbers;
        _columns = columns;
        _tokens = new long[_batch * RowsPerPrompt];
        for (int prompt = 0; prompt < _batch; prompt++)
        {
            for (int slot = beams.Offset(prompt); slot < beams.Offset(prompt) + beams.Count(prompt); slot++)
            {
                int row = beams.Rows[slot];
                if (row != BeamBatch.NoRow)
                {
                    _columns[slot] = [.. _columns[slot], _nextColumn + row];
                    beams.Rows[slot] = prompt * RowsPerPrompt + row;
                    _tokens[beams.Rows[slot]] = beams.Tokens[slot];
                }
            }
        }

        _nextColumn += RowsPerPrompt;
        return RowsPerPrompt > 0;
    }

    /// <summary>The token of each row, int64 [prompts, rows a prompt]; 0 in surplus rows.</summary>
    public long[] Tokens() => _tokens;

    /// <summary>What each row may see, float [prompts, rows a prompt, columns]: the prompt, its own path and itself at 0, all else at minus infinity.</summary>
    public float[] Mask(int columnCount)
    {
        var mask = new float[_tokens.Length * columnCount];
        for (int row = 0; row < _tokens.Length; row++)
        {
            mask.AsSpan(row * columnCount + _promptLength, columnCount - _promptLength).Fill(float.NegativeInfinity);
        }

        for (int slot = 0; slot < _columns.Length; slot++)
        {
            int prompt = slot / _width;
            if (_sidNumbers[slot] != Live || _columns[slot] is not [.., int own] || own < columnCount - RowsPerPrompt)
            {
                continue; // an ended or unused beam
            }

            int row = prompt * RowsPerPrompt + own - (columnCount - RowsPerPrompt);
            foreach (int column in _columns[slot])
            {
                mask[row * columnCount + column] = 0;
            }
        }

        return mask;
    }

    /// <summary>The finished paths of each prompt, best first.</summary>
    public Hypothesis[][] Results(BeamBatch beams)
    {
        var results = new Hypothesis[_batch][];
        for (int prompt = 0; prompt < _batch; prompt++)
        {
            int first = beams.Offset(prompt);
            results[prompt] = new Hypothesis[beams.Count(prompt)];
            for (int beam = 0; beam < results[prompt].Length; beam++)
            {
                results[prompt][beam] = new Hypothesis(_sidNumbers[first + beam], beams.Scores[first + beam]);
            }
        }

        return results;
    }
}
