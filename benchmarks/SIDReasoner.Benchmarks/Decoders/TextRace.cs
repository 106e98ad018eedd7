using SIDReasoner.Decoding;

namespace SIDReasoner.Benchmarks.Decoders;

/// <summary>Prefill and single tokens of text: who gives which logits, and how fast.</summary>
internal static class TextRace
{
    private const int Tokens = 16;

    /// <summary>Distances of every contender's logits behind the prompt to the first one's, and whether the best token is the same.</summary>
    /// <param name="part">For the table.</param>
    /// <param name="contenders">The first is the reference.</param>
    /// <param name="prompt">Token ids.</param>
    /// <param name="report">Receives a table.</param>
    /// <param name="most">Largest distance relative to the reference's length, by contender; beyond it nobody is timed.</param>
    public static void CheckAgreement(string part, IReadOnlyList<Contender> contenders, int[] prompt, RivalReport report, Func<Contender, double> most)
    {
        float[] reference = [];
        var rows = new List<double[]>();
        foreach (Contender contender in contenders)
        {
            contender.Session.Rewind(0);
            contender.Session.AppendTokens(prompt, StepOutputs.Logits);
            float[] own = contender.Session.Logits.AsSpan().ToArray();
            reference = reference.Length == 0 ? own : reference;
            double distance = Math.Sqrt(own.Zip(reference, (a, b) => Math.Pow(a - b, 2)).Sum() / reference.Sum(x => (double)x * x));
            if (!(distance <= most(contender)))
            {
                throw new InvalidOperationException($"{contender.Name}'s logits are {distance:F4} of their length away from {contenders[0].Name}'s; expected at most {most(contender)}. Nothing was timed.");
            }

            rows.Add([100 * distance, Array.IndexOf(own, own.Max()) == Array.IndexOf(reference, reference.Max()) ? 1 : 0]);
        }

        report.Table(part, ["logits behind the prompt", "distance to the first, %", "same best token"], [.. contenders.Select(c => c.Name)], rows);
    }

    /// <summary>Milliseconds of the prompt and of one token, for each contender; prints them with the share of the memory's bandwidth that a token reaches.</summary>
    public static Dictionary<string, (double Prefill, double Token)> Run(
        string part, IReadOnlyList<Contender> contenders, int[] prompt, int rounds, double bandwidth, RivalReport report)
    {
        double[][] medians = Rounds.Medians(rounds, [.. contenders.Select(contender => (Func<double[]>)(() => Turn(contender.Session, prompt)))]);
        report.Table(
            part,
            ["contender", $"prefill of {prompt.Length}, ms", "one token, ms", "MB a token", "% of bandwidth"],
            [.. contenders.Select(c => c.Name)],
            [.. contenders.Select((c, i) => (double[])[.. medians[i], c.WeightBytes / 1e6, 100 * c.WeightBytes / (medians[i][1] / 1000) / bandwidth])]);
        return contenders.Select((c, i) => (c.Name, Times: (medians[i][0], medians[i][1]))).ToDictionary(pair => pair.Name, pair => pair.Times);
    }

    private static double[] Turn(IDecoderSession session, int[] prompt)
    {
        session.Rewind(0);
        double prefill = Rounds.Time(() => session.AppendTokens(prompt, StepOutputs.Logits));
        double[] tokens = new double[Tokens];
        float sum = 0;
        for (int i = 0; i < Tokens; i++)
        {
            int token = prompt[i];
            tokens[i] = Rounds.Time(() => session.AppendTokens([token], StepOutputs.Logits));
            sum += session.Logits.AsSpan()[0];
        }

        return float.IsNaN(sum) ? throw new InvalidOperationException("The model gave no number.") : [prefill, Rounds.Median(tokens)];
    }
}
