using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntimeGenAI;

namespace SIDReasoner.Benchmarks.GenAi;

/// <summary>GenAI's own num_beams search: unconstrained, or held to each level's tokens by a mask that is an input of the graph. It can hold no trie.</summary>
internal sealed class GenAiBeams : IContender
{
    private readonly Config _config;
    private readonly Microsoft.ML.OnnxRuntimeGenAI.Model _model;
    private readonly float[][] _levelMasks;
    private readonly float[] _mask;
    private readonly Tensor? _maskTensor;

    public GenAiBeams(RivalModel model, IReadOnlyList<int[]>? levels)
    {
        int vocabulary = model.Bundle.Manifest.VocabSize;
        Name = levels is null ? "GenAI num_beams" : "GenAI num_beams, level mask";
        _config = new Config(model.Path);
        string graph = levels is null ? "model.onnx" : RivalModel.MaskedGraph;
        _config.Overlay("""{"model":{"decoder":{"filename":"GRAPH","session_options":{"intra_op_num_threads":1,"inter_op_num_threads":1}}}}""".Replace("GRAPH", graph, StringComparison.Ordinal));
        _model = new Microsoft.ML.OnnxRuntimeGenAI.Model(_config);
        _mask = GC.AllocateArray<float>(vocabulary, pinned: true);
        _levelMasks = [.. (levels ?? []).Select(tokens =>
        {
            float[] mask = new float[vocabulary];
            Array.Fill(mask, -1e9f);
            foreach (int token in tokens)
            {
                mask[token] = 0;
            }

            return mask;
        })];
        _maskTensor = levels is null ? null : new Tensor(Marshal.UnsafeAddrOfPinnedArrayElement(_mask, 0), [1, 1, vocabulary], ElementType.float32);
    }

    public string Name { get; }

    /// <summary>Tokens of the last request's best beam.</summary>
    public int[] Best { get; private set; } = [];

    public RequestTimes Run(int[] prompt, int beams)
    {
        long began = Stopwatch.GetTimestamp();
        using var parameters = new GeneratorParams(_model);
        parameters.SetSearchOption("num_beams", beams);
        parameters.SetSearchOption("num_return_sequences", 1);
        parameters.SetSearchOption("length_penalty", 0);
        parameters.SetSearchOption("max_length", prompt.Length + RivalModel.Levels);
        using var generator = new Generator(_model, parameters);
        if (_maskTensor is not null)
        {
            generator.SetModelInput(RivalModel.MaskInput, _maskTensor);
        }

        SetMask(0);
        generator.AppendTokens(prompt);
        long prefilled = Stopwatch.GetTimestamp();
        for (int level = 0; level < RivalModel.Levels; level++)
        {
            SetMask(level);
            generator.GenerateNextToken();
        }

        Best = generator.GetSequence(0)[prompt.Length..].ToArray();
        long searched = Stopwatch.GetTimestamp();
        return new RequestTimes(Stopwatch.GetElapsedTime(began, prefilled).TotalMilliseconds, Stopwatch.GetElapsedTime(prefilled, searched).TotalMilliseconds);
    }

    public void Dispose()
    {
        _maskTensor?.Dispose();
        _model.Dispose();
        _config.Dispose();
    }

    private void SetMask(int level)
    {
        if (_levelMasks.Length > 0)
        {
            _levelMasks[level].CopyTo(_mask, 0);
        }
    }
}
