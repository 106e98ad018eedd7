using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Core.Configuration;

/// <summary>The shape of a decoder: what <c>config.json</c> of a Hugging Face folder says, as far as a forward pass needs it.</summary>
/// <remarks>
/// Immutable; any number of threads. Sizes: hidden D, MLP I, H query heads and H_kv key-value heads of D_head, V ids.
/// Source: configuration_qwen3.py, configuration_qwen2.py and configuration_llama.py of transformers 4 and 5.
/// </remarks>
public sealed record ModelConfig
{
    /// <summary>The family.</summary>
    public required DecoderArchitecture Architecture { get; init; }

    /// <summary>Rows of the embedding table and of the head (V). May be more than the tokenizer has tokens.</summary>
    public required int VocabSize { get; init; }

    /// <summary>Width of the residual stream (D).</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the MLP (I).</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Decoder layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads (H).</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key and value heads (H_kv); divides <see cref="HeadCount"/>.</summary>
    public required int KvHeadCount { get; init; }

    /// <summary>Width of a head (D_head), even. H * D_head need not be D.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Positions the model was made for.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Epsilon of every RMSNorm. Default 1e-6.</summary>
    public float RmsNormEpsilon { get; init; } = 1e-6f;

    /// <summary>Base of the rotary wavelengths. Default 10,000.</summary>
    public double RopeTheta { get; init; } = 10_000;

    /// <summary>Rotary scaling; null for none.</summary>
    public Llama3RopeScaling? RopeScaling { get; init; }

    /// <summary>The head uses the embedding table.</summary>
    public bool TiesEmbeddings { get; init; }

    /// <summary>RMSNorm of each query and key head, before the rotation (Qwen3).</summary>
    public bool HasQkNorm { get; init; }

    /// <summary>Biases on the query, key and value projections.</summary>
    public bool HasQkvBias { get; init; }

    /// <summary>Bias on the attention's output projection.</summary>
    public bool HasOutputBias { get; init; }

    /// <summary>Biases on the three MLP projections (Llama only).</summary>
    public bool HasMlpBias { get; init; }

    /// <summary>Beginning of sequence, if the file names one.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>Tokens that end a reply, as config.json lists them; generation_config.json may list others.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>Padding, if the file names one.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>Element type the weights are stored in, as the file says. Default F32.</summary>
    public TensorDType StoredType { get; init; } = TensorDType.F32;

    /// <summary>Reads a config.json: both the style of transformers 4 (rope_theta at the top, torch_dtype) and of 5 (rope_parameters, dtype).</summary>
    /// <param name="configPath">The file itself.</param>
    /// <exception cref="InvalidFileException">A setting is missing, of the wrong type or unsupported (named): every problem found.</exception>
    /// <exception cref="SidReasonerException">The file cannot be read.</exception>
    public static ModelConfig Load(string configPath) => ModelConfigJson.Load(configPath);

    /// <summary>Writes a config.json that transformers 4 and 5 load: rope_parameters and dtype, and beside them rope_theta, rope_scaling and torch_dtype.</summary>
    /// <exception cref="SidReasonerException">The file cannot be written; an old one is as it was.</exception>
    public void Save(string configPath) => ModelConfigJson.Save(this, configPath);

    /// <summary>Inverse rotary frequencies: radians a position, float32 [<see cref="HeadSize"/> / 2], highest first.</summary>
    /// <remarks>Component i turns with theta^(-2i / D_head), then the llama3 scaling if there is one. Computed in double, rounded once.</remarks>
    public float[] RotaryInverseFrequencies()
    {
        var frequencies = new float[HeadSize / 2];
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] = (float)Scaled(Math.Pow(RopeTheta, -2.0 * i / HeadSize));
        return frequencies;
    }

    /// <inheritdoc/>
    public bool Equals(ModelConfig? other) =>
        other is not null && Fields() == other.Fields() && EosTokenIds.SequenceEqual(other.EosTokenIds);

    /// <inheritdoc/>
    public override int GetHashCode() => Fields().GetHashCode();

    private (DecoderArchitecture, (int, int, int, int, int, int, int, int), (float, double, Llama3RopeScaling?), (bool, bool, bool, bool, bool), int?, int?, TensorDType) Fields() =>
        (Architecture,
        (VocabSize, HiddenSize, IntermediateSize, LayerCount, HeadCount, KvHeadCount, HeadSize, MaxPositions),
        (RmsNormEpsilon, RopeTheta, RopeScaling),
        (TiesEmbeddings, HasQkNorm, HasQkvBias, HasOutputBias, HasMlpBias), BosTokenId, PadTokenId, StoredType);

    private double Scaled(double frequency)
    {
        if (RopeScaling is not { } scaling)
            return frequency;
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < scaling.OriginalMaxPositions / scaling.HighFrequencyFactor)
            return frequency;
        if (wavelength > scaling.OriginalMaxPositions / scaling.LowFrequencyFactor)
            return frequency / scaling.Factor;
        var smooth = (scaling.OriginalMaxPositions / wavelength - scaling.LowFrequencyFactor) / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
        return (1 - smooth) * frequency / scaling.Factor + smooth * frequency;
    }
}
