using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Train.Model;
using SIDReasoner.Train.Native;
using static TorchSharp.torch;

namespace SIDReasoner.Train.Evaluation;

/// <summary>The SID search for many prompts of one length in one forward a level, over the kernel that serving uses.</summary>
/// <remarks>
/// Scores and ranking are those of <see cref="SidBeamSearch"/> over a <see cref="TorchDecoderSession"/> in <see cref="ScoreMode.Exact"/> (a test
/// compares them); only the batching differs, which makes whole test files affordable while training. One instance serves one thread.
/// </remarks>
internal sealed class BatchedSidSearch : IDisposable
{
    private readonly DecoderModel _model;
    private readonly SidTrie _trie;
    private readonly ManagedBeamKernel _kernel = new();
    private readonly BeamBatch _beams = new();
    private readonly Tensor _columns;
    private readonly int _width;

    /// <summary>Makes a search.</summary>
    /// <param name="model">The model; its weights are read at every call.</param>
    /// <param name="trie">The catalogue's trie, whose SID columns are token ids of the model.</param>
    /// <param name="width">Beams kept a prompt.</param>
    public BatchedSidSearch(DecoderModel model, SidTrie trie, int width)
    {
        _model = model;
        _trie = trie;
        _width = width;
        _columns = tensor(trie.SidColumns.ToArray().Select(id => (long)id).ToArray()).DetachFromDisposeScope();
    }

    /// <summary>Ranks the catalogue's SIDs after each prompt.</summary>
    /// <param name="prompts">Token ids, all of one length, at least one.</param>
    /// <returns>For each prompt the SIDs found, best first, at most W.</returns>
    public Hypothesis[][] Search(IReadOnlyList<int[]> prompts)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        int batch = prompts.Count, length = prompts[0].Length;
        using var cache = new KvCache(_model.Config, batch, length + _width * Math.Max(1, _trie.LevelCount - 1));
        var paths = new BeamPaths(batch, _width, length);
        _beams.Reset(Enumerable.Repeat(_width, batch).ToArray());

        Tensor tokens = tensor(prompts.SelectMany(prompt => prompt.Select(token => (long)token)).ToArray(), [batch, length]);
        Tensor hidden = _model.ForwardCached(tokens, cache, 0, samePosition: false, mask: null).narrow(1, length - 1, 1);
        cache.Length = length;
        for (int position = length; ; position++)
        {
            using var level = NewDisposeScope();
            Tensor logits = _model.Logits(hidden).flatten(0, 1);
            Tensor sidLogits = logits.index_select(1, _columns), logSumExp = logits.logsumexp(-1, keepdim: true);
            _kernel.Advance(_trie, View(sidLogits), View(logSumExp), [], _beams);
            if (!paths.Take(_beams, _trie))
            {
                return paths.Results(_beams);
            }

            hidden.Dispose();
            int width = paths.RowsPerPrompt;
            Tensor next = tensor(paths.Tokens(), [batch, width]);
            Tensor mask = tensor(paths.Mask(cache.Length + width), [batch, 1, width, cache.Length + width]);
            hidden = _model.ForwardCached(next, cache, position, samePosition: true, mask).MoveToOuterDisposeScope();
            cache.Length += width;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _columns.Dispose();

    private static LogitsView View(Tensor matrix) =>
        new(TorchDispatcher.DataPointer(matrix), TensorElementType.Float32, DeviceKind.Cpu, (int)matrix.shape[0], (int)matrix.shape[1]);
}
