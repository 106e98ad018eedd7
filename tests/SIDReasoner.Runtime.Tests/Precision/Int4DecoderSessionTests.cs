using SIDReasoner.Runtime.Tests.Model;
using SIDReasoner.TestSupport;

namespace SIDReasoner.Runtime.Tests.Precision;

/// <summary>What every session must do, with 4-bit products: prefill, packed search, rewinding.</summary>
public sealed class Int4DecoderSessionTests : DecoderSessionConformance
{
    /// <summary>A last bit of attention, which depends on how many rows run together, may round an input to the next of 255 codes, of which each block has its own.</summary>
    protected override float Tolerance => 0.25f;

    /// <summary>The SID head is float32, the text head has 4 bits; these models' logits spread over tens.</summary>
    protected override float HeadTolerance => 3f;

    protected override bool RefusesNonFiniteWeights => true;

    protected override ISessionSource Load(string checkpointFolder, string catalogFolder) =>
        new OnnxSessionSource(checkpointFolder, catalogFolder, options => options with { Precisions = ["int4"] });
}
