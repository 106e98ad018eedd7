using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Runtime.Kernels;
using TorchSharp;

namespace SIDReasoner.Benchmarks.Static;

/// <summary>
/// What does one selection step cost beside STATIC's, on one thread of a CPU? 50 beams at level 1 of a million random SIDs of 3 x 256 codes: both kernels of ours, and
/// STATIC's step in TorchSharp over the vocabulary and over the SID columns alone. All must choose the same 50 before any is timed; contenders take turns.
/// </summary>
internal static class StaticRivals
{
    private const int Beams = 50;
    private const int Codes = 256;
    private const int Columns = 3 * Codes;
    private const int FirstToken = 151_936;
    private const int Vocabulary = FirstToken + Columns;
    private const float Tolerance = 1e-4f;

    /// <summary>Checks, times and prints; medians over rounds.</summary>
    /// <param name="rounds">Turns of each contender, at least 1. Default 15.</param>
    /// <param name="items">Items of the catalogue.</param>
    public static void Run(int rounds, int items = 1_000_000)
    {
        torch.set_num_threads(1);
        torch.set_grad_enabled(false);
        using var setup = new Setup(items);
        (string Name, Action Step)[] contenders =
        [
            ("libsidr, log-sum-exp given", () => setup.Ours(setup.Native, setup.VocabularyLogSumExp)),
            ("libsidr, its log-sum-exp over the SID columns counted", () => setup.OursOverColumns(setup.Native)),
            ("managed kernel, log-sum-exp given", () => setup.Ours(setup.Managed, setup.VocabularyLogSumExp)),
            ("STATIC in TorchSharp, over the vocabulary", () => setup.Static(setup.OverVocabulary, setup.VocabularyLogits)),
            ("STATIC in TorchSharp, over the SID columns", () => setup.Static(setup.OverColumns, setup.ColumnLogits)),
        ];
        setup.CheckAgreement();

        var times = contenders.Select(_ => new List<double>()).ToArray();
        for (int round = -1; round < rounds; round++)
        {
            for (int i = 0; i < contenders.Length; i++)
            {
                int calls = i < 3 ? 2_000 : i == 3 ? 3 : 50;
                long began = Stopwatch.GetTimestamp();
                for (int call = 0; call < calls; call++)
                {
                    contenders[i].Step();
                }

                if (round >= 0)
                {
                    times[i].Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds / calls);
                }
            }
        }

        double[] medians = [.. times.Select(each => each.Order().ElementAt(each.Count / 2))];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"one step: {Beams} beams, {Codes} codes, {items} items, one thread, median of {rounds} rounds; all chose the same"));
        for (int i = 0; i < contenders.Length; i++)
        {
            string ratio = i switch
            {
                3 => string.Create(CultureInfo.InvariantCulture, $"  {medians[3] / medians[0]:F0}x of libsidr (goal 20)"),
                4 => string.Create(CultureInfo.InvariantCulture, $"  {medians[4] / medians[1]:F1}x of libsidr with the log-sum-exp, {medians[4] / medians[0]:F0}x without"),
                _ => "",
            };
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {contenders[i].Name,-56} {medians[i],10:F1} us{ratio}"));
        }
    }

    /// <summary>The catalogue, the beams of level 0 and the logits, as each contender takes them.</summary>
    private sealed unsafe class Setup : IDisposable
    {
        private readonly SidTrie _trie;
        private readonly StaticIndex _index;
        private readonly float[] _columns = GC.AllocateUninitializedArray<float>(Beams * Columns, pinned: true);
        private readonly float[] _columnLogSumExp = GC.AllocateUninitializedArray<float>(Beams, pinned: true);
        private readonly float[] _scratch = new float[Columns];
        private readonly BeamBatch _beams = new();
        private readonly uint[] _nodes = new uint[Beams];
        private readonly float[] _scores = new float[Beams];
        private readonly torch.Tensor _states;
        private readonly torch.Tensor _startScores;
        private readonly torch.Tensor _history;

        public Setup(int items)
        {
            var random = new Random(1);
            var codes = new int[3 * items];
            for (int i = 0; i < codes.Length; i++)
            {
                codes[i] = random.Next(Codes);
            }

            int[] flat = [.. codes.Select((code, i) => FirstToken + (i % 3 * Codes) + code)];
            _trie = SidTrieBuilder.Build(flat, 3, [.. Enumerable.Range(FirstToken, Columns)]);
            _index = new StaticIndex(codes, Codes, FirstToken);
            OverVocabulary = new StaticStep(_index, Beams, Vocabulary, 0);
            OverColumns = new StaticStep(_index, Beams, Columns, FirstToken);
            var vocabulary = new float[Beams * Vocabulary];
            foreach (ref float logit in vocabulary.AsSpan())
            {
                logit = (random.NextSingle() * 16) - 8;
            }

            for (int beam = 0; beam < Beams; beam++)
            {
                vocabulary.AsSpan((beam * Vocabulary) + FirstToken, Columns).CopyTo(_columns.AsSpan(beam * Columns));
                VocabularyLogSumExp[beam] = LogSumExp(vocabulary.AsSpan(beam * Vocabulary, Vocabulary), new float[Vocabulary]);
                _nodes[beam] = (uint)((beam * 5) % _trie.NodeCount(1));
                _scores[beam] = -0.01f * beam;
            }

            VocabularyLogits = torch.tensor(vocabulary, [Beams, Vocabulary]);
            ColumnLogits = torch.tensor(_columns, [Beams, Columns]);
            _states = torch.tensor(_nodes.Select(node => (int)_trie.Token(1, node) - FirstToken + 1).ToArray(), [1, Beams]);
            _startScores = torch.tensor(_scores, [1, Beams]);
            _history = torch.zeros(1, Beams, 3, torch.ScalarType.Int32);
            _beams.Reset([Beams]);
        }

        public NativeBeamKernel Native { get; } = new();

        public ManagedBeamKernel Managed { get; } = new();

        public StaticStep OverVocabulary { get; }

        public StaticStep OverColumns { get; }

        public torch.Tensor VocabularyLogits { get; }

        public torch.Tensor ColumnLogits { get; }

        public float[] VocabularyLogSumExp { get; } = GC.AllocateUninitializedArray<float>(Beams, pinned: true);

        /// <summary>A step of one of our kernels, from the same beams each time.</summary>
        public void Ours(IBeamKernel kernel, float[] logSumExp)
        {
            _beams.Depth = 1;
            _beams.SetCount(0, Beams);
            _nodes.CopyTo(_beams.Nodes);
            _scores.CopyTo(_beams.Scores);
            for (int beam = 0; beam < Beams; beam++)
            {
                _beams.Rows[beam] = beam;
            }

            fixed (float* columns = _columns, sums = logSumExp)
            {
                kernel.Advance(
                    _trie, new LogitsView((nint)columns, TensorElementType.Float32, DeviceKind.Cpu, Beams, Columns), new LogitsView((nint)sums, TensorElementType.Float32, DeviceKind.Cpu, Beams, 1), [], _beams);
            }
        }

        /// <summary>The same on the rival's input: each row's log-sum-exp is taken here, over the SID columns.</summary>
        public void OursOverColumns(IBeamKernel kernel)
        {
            for (int beam = 0; beam < Beams; beam++)
            {
                _columnLogSumExp[beam] = LogSumExp(_columns.AsSpan(beam * Columns, Columns), _scratch);
            }

            Ours(kernel, _columnLogSumExp);
        }

        public float Static(StaticStep step, torch.Tensor logits)
        {
            using var scope = torch.NewDisposeScope();
            return step.Run(logits, _states, _startScores, _history).Scores[0, 0].item<float>();
        }

        /// <summary>Every contender's 50 against the native kernel's: tokens, parents' tokens by state, scores.</summary>
        /// <exception cref="InvalidOperationException">One chose differently.</exception>
        public void CheckAgreement()
        {
            Check("STATIC over the vocabulary", OverVocabulary, VocabularyLogits, () => Ours(Native, VocabularyLogSumExp));
            Check("STATIC over the SID columns", OverColumns, ColumnLogits, () => OursOverColumns(Native));
            Check("STATIC beside the managed kernel", OverVocabulary, VocabularyLogits, () => Ours(Managed, VocabularyLogSumExp));
        }

        public void Dispose()
        {
            torch.Tensor[] tensors = [_states, _startScores, _history, VocabularyLogits, ColumnLogits];
            foreach (torch.Tensor each in tensors)
            {
                each.Dispose();
            }

            _index.Dispose();
            _trie.Dispose();
        }

        private static float LogSumExp(ReadOnlySpan<float> row, Span<float> scratch)
        {
            float largest = TensorPrimitives.Max(row);
            TensorPrimitives.Subtract(row, largest, scratch);
            TensorPrimitives.Exp(scratch, scratch);
            return largest + MathF.Log(TensorPrimitives.Sum<float>(scratch));
        }

        private void Check(string name, StaticStep step, torch.Tensor logits, Action ours)
        {
            ours();
            using var scope = torch.NewDisposeScope();
            (torch.Tensor scores, torch.Tensor states, torch.Tensor history) = step.Run(logits, _states, _startScores, _history);
            float[] theirScores = scores.data<float>().ToArray();
            int[] theirStates = states.data<int>().ToArray();
            int[] theirTokens = history.contiguous().data<int>().ToArray();
            for (int place = 0; place < Beams; place++)
            {
                // State 1 + Codes + n is node n of depth 2, so a state names its whole path.
                bool same = theirTokens[(3 * place) + 1] == _beams.Tokens[place] && theirStates[place] - 1 - Codes == (int)_beams.Nodes[place];
                bool tied = (place > 0 && theirScores[place - 1] - theirScores[place] < Tolerance) || (place + 1 < Beams && theirScores[place] - theirScores[place + 1] < Tolerance);
                if (Math.Abs(theirScores[place] - _beams.Scores[place]) > Tolerance || (!same && !tied))
                {
                    throw new InvalidOperationException(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{name}, place {place}: token {theirTokens[(3 * place) + 1]}, state {theirStates[place]}, score {theirScores[place]}; ours has token {_beams.Tokens[place]}, node {_beams.Nodes[place]}, score {_beams.Scores[place]}."));
                }
            }
        }
    }
}
