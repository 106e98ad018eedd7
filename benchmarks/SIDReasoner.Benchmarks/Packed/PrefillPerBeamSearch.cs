using Microsoft.ML.OnnxRuntime;
using SIDReasoner.Benchmarks.Decoders;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Bundles;

namespace SIDReasoner.Benchmarks.Packed;

/// <summary>
/// Beam search as it is usually served, on the same ONNX Runtime and the same graph: the prompt once a beam, the whole vocabulary's
/// logits on the last row, a cache that is copied whenever beams are chosen.
/// </summary>
internal sealed class PrefillPerBeamSearch : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly SidTrie _trie;
    private readonly int _beams;
    private readonly long[] _cacheShape;
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;
    private Step? _prefilled;
    private int _promptLength;

    public PrefillPerBeamSearch(Bundle bundle, SidTrie trie, int beams, int threads = 1)
    {
        using var settings = new SessionOptions { IntraOpNumThreads = threads, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        _session = new InferenceSession(bundle.FilePath("model.onnx"), settings);
        _trie = trie;
        _beams = beams;
        _cacheShape = [beams, bundle.Manifest.KvHeadCount, 0, bundle.Manifest.HeadSize];
        int layers = bundle.Manifest.LayerCount;
        _inputNames = ["input_ids", "attention_mask", "num_logits_to_keep", .. Enumerable.Range(0, layers).SelectMany(n => new[] { $"past_key_values.{n}.key", $"past_key_values.{n}.value" })];
        _outputNames = ["logits", .. Enumerable.Range(0, layers).SelectMany(n => new[] { $"present.{n}.key", $"present.{n}.value" })];
    }

    /// <summary>Runs the prompt once a beam.</summary>
    public void Prefill(int[] prompt)
    {
        _prefilled?.Dispose();
        _promptLength = prompt.Length;
        float[][] empty = [.. Enumerable.Repeat(Array.Empty<float>(), _outputNames.Length - 1)];
        _prefilled = Run([.. Enumerable.Repeat(prompt, _beams).SelectMany(p => p.Select(id => (long)id))], prompt.Length, empty, past: 0);
    }

    /// <summary>Walks the levels from the prefilled prompt; scores are of <see cref="ScoreMode.Exact"/>.</summary>
    public List<Hypothesis> Search()
    {
        Step step = _prefilled ?? throw new InvalidOperationException("Prefill comes first.");
        List<Beam> beams = [new Beam(0, 0, 0, 0)];
        for (int depth = 0; depth < _trie.LevelCount; depth++)
        {
            beams = Choose(beams, step.Logits, depth);
            if (beams.Count != _beams)
            {
                throw new InvalidOperationException($"Level {depth + 1} has {beams.Count} beams; this contender needs {_beams} at every level.");
            }

            if (depth + 1 == _trie.LevelCount)
            {
                break;
            }

            float[][] cache = [.. step.Cache.Select(tensor => Reorder(tensor.GetTensorDataAsSpan<float>(), beams))];
            Step next = Run([.. beams.Select(beam => (long)beam.Token)], 1, cache, _promptLength + depth);
            if (step != _prefilled)
            {
                step.Dispose();
            }

            step = next;
        }

        if (step != _prefilled)
        {
            step.Dispose();
        }

        return [.. beams.Select(beam => new Hypothesis(_trie.SidNumber(_trie.LevelCount, beam.Node), beam.Score))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _prefilled?.Dispose();
        _options.Dispose();
        _session.Dispose();
    }

    private List<Beam> Choose(List<Beam> beams, ReadOnlySpan<float> logits, int depth)
    {
        int vocabulary = logits.Length / _beams;
        var children = new List<Beam>();
        for (int row = 0; row < beams.Count; row++)
        {
            ReadOnlySpan<float> own = logits.Slice(row * vocabulary, vocabulary);
            float logSum = VocabularySum.LogSumExp(own);
            _trie.Children(depth, beams[row].Node, out uint first, out uint end);
            for (uint node = first; node < end; node++)
            {
                int token = (int)_trie.Token(depth + 1, node);
                children.Add(new Beam(row, token, node, beams[row].Score + own[token] - logSum));
            }
        }

        return [.. children.OrderByDescending(beam => beam.Score).ThenBy(beam => beam.Parent).ThenBy(beam => beam.Token).Take(_beams)];
    }

    /// <summary>Copies each beam's cache from its parent's.</summary>
    private float[] Reorder(ReadOnlySpan<float> tensor, List<Beam> beams)
    {
        int row = tensor.Length / _beams;
        float[] chosen = new float[tensor.Length];
        for (int beam = 0; beam < _beams; beam++)
        {
            tensor.Slice(beams[beam].Parent * row, row).CopyTo(chosen.AsSpan(beam * row));
        }

        return chosen;
    }

    private Step Run(long[] ids, int rows, float[][] cache, int past)
    {
        long[] mask = [.. Enumerable.Repeat(1L, _beams * (past + rows))];
        long[] control = [0];
        _cacheShape[2] = past;
        OrtValue[] inputs =
        [
            OrtValue.CreateTensorValueFromMemory(ids, [_beams, rows]),
            OrtValue.CreateTensorValueFromMemory(mask, [_beams, past + rows]),
            OrtValue.CreateTensorValueFromMemory(control, [1]),
            .. cache.Select(values => OrtValue.CreateTensorValueFromMemory(values, _cacheShape)),
        ];
        var step = new Step(_session.Run(_options, _inputNames, inputs, _outputNames));
        foreach (OrtValue input in inputs)
        {
            input.Dispose();
        }

        return step;
    }

    private readonly record struct Beam(int Parent, int Token, uint Node, float Score);

    /// <summary>A run's logits [W, 1, V] and cache.</summary>
    private sealed class Step(IDisposableReadOnlyCollection<OrtValue> outputs) : IDisposable
    {
        public ReadOnlySpan<float> Logits => outputs[0].GetTensorDataAsSpan<float>();

        public IEnumerable<OrtValue> Cache => outputs.Skip(1);

        public void Dispose() => outputs.Dispose();
    }
}
