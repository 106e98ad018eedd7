namespace SIDReasoner.Benchmarks.Decoders.Builder;

/// <summary>Products of a <see cref="BuilderGraph"/>.</summary>
public enum BuilderPrecision
{
    /// <summary>MatMul over float32.</summary>
    Float32 = 32,

    /// <summary>MatMulNBits of 8 bits, blocks of 32, accuracy level 4.</summary>
    Bits8 = 8,

    /// <summary>MatMulNBits of 4 bits, blocks of 32, accuracy level 4: the builder's int4.</summary>
    Bits4 = 4,
}
