using Microsoft.ML.OnnxRuntimeGenAI;

namespace SIDReasoner.Runtime.GenAI.Tests;

/// <summary>What anyone's GenAI program does with a bundle: open the folder, append a prompt, generate. Nothing of ours is set.</summary>
internal static class StockGenerator
{
    /// <summary>Up to <paramref name="count"/> tokens after a prompt; fewer where GenAI says it is done.</summary>
    public static int[] Generate(string bundle, int[] prompt, int count)
    {
        using var model = new Microsoft.ML.OnnxRuntimeGenAI.Model(bundle);
        using var generator = Create(model);
        generator.AppendTokens(prompt);
        while (!generator.IsDone() && generator.TokenCount() < (ulong)(prompt.Length + count))
            generator.GenerateNextToken();
        return generator.GetSequence(0)[prompt.Length..].ToArray();
    }

    /// <summary>A generator with the bundle's own settings, which <paramref name="set"/> may change.</summary>
    public static Generator Create(Microsoft.ML.OnnxRuntimeGenAI.Model model, Action<GeneratorParams>? set = null)
    {
        using var parameters = new GeneratorParams(model);
        set?.Invoke(parameters);
        return new Generator(model, parameters);
    }

    /// <summary>Logits of the last token over the whole vocabulary.</summary>
    public static float[] Logits(Generator generator)
    {
        using var logits = generator.GetOutput("logits");
        return logits.GetData<float>().ToArray();
    }
}
