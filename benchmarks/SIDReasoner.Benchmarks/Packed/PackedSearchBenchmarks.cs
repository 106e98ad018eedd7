using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using SIDReasoner.Benchmarks.GenAi;
using SIDReasoner.Core.Tries;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Kernels;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Benchmarks.Packed;

/// <summary>
/// What do one prompt for all beams and packed beams save? The same model, the same ONNX Runtime, one thread, a prompt of 300, exact
/// scores: our search against the prompt once a beam, the full head on the last row and a cache copied at every level.
/// </summary>
/// <remarks>The packed levels also run the prompt's last token again, since its SID logits start the search.</remarks>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class PackedSearchBenchmarks
{
    private const int PromptLength = 300;
    private const float Tolerance = 1e-3f;

    private readonly int[] _prompt = RivalModel.Prompt(PromptLength);
    private RivalModel _files = null!;
    private SidTrie _trie = null!;
    private OnnxModel _model = null!;
    private OnnxDecoderSession _session = null!;
    private SidBeamSearch _search = null!;
    private PrefillPerBeamSearch _usual = null!;
    private Hypothesis[] _results = [];

    /// <summary>Beams kept (W).</summary>
    [Params(10, 50)]
    public int Beams { get; set; }

    /// <summary>Makes the model and checks that both searches find the same.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _files = new RivalModel(seed: 1);
        _trie = SidTrie.Open(_files.Bundle.FilePath("catalog.sidtrie"));
        _model = OnnxModel.Load(_files.Bundle, new OnnxModelOptions { Threads = 1 });
        _session = _model.CreateSession();
        _search = new SidBeamSearch(_trie, new ManagedBeamKernel());
        _usual = new PrefillPerBeamSearch(_files.Bundle, _trie, Beams);
        _results = new Hypothesis[Beams];
        PromptPerBeam();
        PromptOnce();
        CheckAgreement(_usual.Search(), PackedLevels());
    }

    /// <summary>Frees models and files.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _usual.Dispose();
        _session.Dispose();
        _model.Dispose();
        _trie.Dispose();
        _files.Dispose();
    }

    /// <summary>The prompt once a beam.</summary>
    [Benchmark(Baseline = true)]
    [BenchmarkCategory("prefill")]
    public void PromptPerBeam() => _usual.Prefill(_prompt);

    /// <summary>The prompt once.</summary>
    [Benchmark]
    [BenchmarkCategory("prefill")]
    public void PromptOnce()
    {
        _session.Rewind(0);
        _session.AppendTokens(_prompt, SidBeamSearch.OutputsFor(ScoreMode.Exact));
    }

    /// <summary>Three levels over a cache that is copied.</summary>
    [Benchmark(Baseline = true)]
    [BenchmarkCategory("levels")]
    public int CopiedCacheLevels() => _usual.Search().Count;

    /// <summary>Three levels of packed beams.</summary>
    [Benchmark]
    [BenchmarkCategory("levels")]
    public int PackedLevels()
    {
        _session.Rewind(PromptLength - 1);
        _session.AppendTokens(_prompt.AsSpan(PromptLength - 1), SidBeamSearch.OutputsFor(ScoreMode.Exact));
        return _search.Search(_session, new SearchOptions { BeamWidth = Beams }, _results);
    }

    private void CheckAgreement(List<Hypothesis> usual, int found)
    {
        if (usual.Count != found || usual.Zip(_results).Any(pair => Math.Abs(pair.First.Score - pair.Second.Score) > Tolerance))
        {
            throw new InvalidOperationException($"The two searches disagree for W = {Beams}: {usual.Count} and {found} SIDs, or scores more than {Tolerance} apart.");
        }
    }
}
