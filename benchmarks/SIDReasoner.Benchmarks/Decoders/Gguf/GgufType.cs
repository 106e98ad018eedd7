namespace SIDReasoner.Benchmarks.Decoders.Gguf;

/// <summary>How llama.cpp stores a tensor; the number is the one of its files.</summary>
public enum GgufType
{
    /// <summary>float32.</summary>
    F32 = 0,

    /// <summary>Blocks of 32: a float16 scale and 32 codes of 4 bits, a value is (code - 8) * scale.</summary>
    Q4_0 = 2,

    /// <summary>Blocks of 32: a float16 scale and 32 codes of 8 bits, a value is code * scale.</summary>
    Q8_0 = 8,
}
