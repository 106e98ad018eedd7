using Google.Protobuf;
using Onnx;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Core.Text;
using SIDReasoner.Export.Bundles;
using SIDReasoner.Runtime.Bundles;

namespace SIDReasoner.Benchmarks.GenAi;

/// <summary>A bundle of a random Qwen3 (width 256, 4 layers, 4,096 tokens) with a catalogue of three levels, and the same graph once more with a mask over the logits.</summary>
internal sealed class RivalModel : IDisposable
{
    /// <summary>The graph that adds input <see cref="MaskInput"/> to its logits, as a program that wants GenAI's beams held to a level would export it.</summary>
    public const string MaskedGraph = "model.masked.onnx";

    /// <summary>float32 [1, 1, V], added to the logits.</summary>
    public const string MaskInput = "logit_mask";

    /// <summary>Levels of a SID.</summary>
    public const int Levels = 3;

    private const int Codes = 256;
    private const int Items = 3_000;
    private const int Width = 256;
    private const int Mlp = 768;
    private const int Layers = 4;
    private const int Heads = 8;
    private const int KvHeads = 4;
    private const int HeadSize = 32;

    private readonly string _root = Directory.CreateTempSubdirectory("sidr-rivals-").FullName;

    /// <summary>Draws weights and catalogue from a seed and exports them.</summary>
    public RivalModel(int seed)
    {
        var random = new Random(seed);
        ItemCatalog catalog = DrawCatalog(random);
        var tokenizer = new SmallTokenizer
        {
            ControlTokens = [.. Enumerable.Range(0, 4096 - (Levels * Codes)).Select(i => i < 4 ? new[] { "<pad>", "<bos>", "<eos>", "<unk>" }[i] : $"<c{i}>")],
            SidTokens = [.. Enumerable.Range(0, Levels * Codes).Select(i => $"<{(char)('a' + (i / Codes))}_{i % Codes}>").Order(StringComparer.Ordinal)],
            Bos = "<bos>",
            Eos = "<eos>",
            Pad = "<pad>",
        };
        var config = new ModelConfig
        {
            Architecture = DecoderArchitecture.Qwen3,
            VocabSize = tokenizer.VocabSize,
            HiddenSize = Width,
            IntermediateSize = Mlp,
            LayerCount = Layers,
            HeadCount = Heads,
            KvHeadCount = KvHeads,
            HeadSize = HeadSize,
            MaxPositions = 1024,
            RmsNormEpsilon = 1e-6f,
            RopeTheta = 1e6,
            TiesEmbeddings = true,
            HasQkNorm = true,
            BosTokenId = 1,
            EosTokenIds = [2],
            PadTokenId = 0,
        };
        string checkpoint = Directory.CreateDirectory(System.IO.Path.Combine(_root, "checkpoint")).FullName;
        string folder = Directory.CreateDirectory(System.IO.Path.Combine(_root, "catalog")).FullName;
        config.Save(System.IO.Path.Combine(checkpoint, "config.json"));
        tokenizer.Save(checkpoint);
        SafetensorsWriter.Write(System.IO.Path.Combine(checkpoint, "model.safetensors"), Weights(config, random));
        catalog.Save(folder);
        BundleExporter.Export(new BundleExportOptions { Checkpoint = checkpoint, Catalog = folder, Output = Path });
        Bundle = Bundle.Open(Path);
        SidTokenIds = Bundle.Manifest.SidTokens!.TokenIds;
        Catalog = catalog;
        Vocabulary = new SidVocabulary(Bundle.Manifest.SidTokens.Texts.Zip(SidTokenIds).ToDictionary(pair => pair.First, pair => pair.Second));
        WriteMaskedGraph();
    }

    /// <summary>The bundle's folder.</summary>
    public string Path => System.IO.Path.Combine(_root, "bundle");

    /// <summary>The bundle.</summary>
    public Bundle Bundle { get; }

    /// <summary>The catalogue: 3,000 items of 256 codes a level.</summary>
    public ItemCatalog Catalog { get; }

    /// <summary>Its SID tokens.</summary>
    public SidVocabulary Vocabulary { get; }

    /// <summary>All SID tokens' ids.</summary>
    public IReadOnlyList<int> SidTokenIds { get; }

    /// <summary>Ids of one level's tokens that occur in the catalogue.</summary>
    public int[] LevelTokens(int level) => [.. Catalog.Items.Select(item => Vocabulary.Encode(item.Sid)[level]).Distinct().Order()];

    /// <summary>A prompt of random ordinary tokens.</summary>
    public static int[] Prompt(int length)
    {
        var random = new Random(length);
        return [1, .. Enumerable.Range(1, length - 1).Select(_ => random.Next(4, 3000))];
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static ItemCatalog DrawCatalog(Random random)
    {
        var sids = new HashSet<string>();
        while (sids.Count < Items)
        {
            sids.Add($"<a_{random.Next(Codes)}><b_{random.Next(Codes)}><c_{random.Next(Codes)}>");
        }

        return new ItemCatalog([.. sids.Select((sid, i) => new Item(i.ToString(System.Globalization.CultureInfo.InvariantCulture), $"item {i}", SemanticId.Parse(sid)))]);
    }

    private static List<TensorData> Weights(ModelConfig config, Random random)
    {
        var tensors = new List<TensorData>();
        Matrix("model.embed_tokens", config.VocabSize, Width);
        for (int layer = 0; layer < Layers; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            Vector(prefix + "input_layernorm", Width);
            Matrix(prefix + "self_attn.q_proj", Heads * HeadSize, Width);
            Matrix(prefix + "self_attn.k_proj", KvHeads * HeadSize, Width);
            Matrix(prefix + "self_attn.v_proj", KvHeads * HeadSize, Width);
            Matrix(prefix + "self_attn.o_proj", Width, Heads * HeadSize);
            Vector(prefix + "self_attn.q_norm", HeadSize);
            Vector(prefix + "self_attn.k_norm", HeadSize);
            Vector(prefix + "post_attention_layernorm", Width);
            Matrix(prefix + "mlp.gate_proj", Mlp, Width);
            Matrix(prefix + "mlp.up_proj", Mlp, Width);
            Matrix(prefix + "mlp.down_proj", Width, Mlp);
        }

        Vector("model.norm", Width);
        return tensors;

        void Matrix(string name, int rows, int columns)
        {
            float[] values = new float[rows * columns];
            foreach (ref float value in values.AsSpan())
            {
                value = (random.NextSingle() - 0.5f) * 4f / MathF.Sqrt(columns);
            }

            tensors.Add(TensorData.FromFloats(name + ".weight", [rows, columns], values));
        }

        void Vector(string name, int size) => tensors.Add(TensorData.FromFloats(name + ".weight", [size], [.. Enumerable.Repeat(1f, size)]));
    }

    private void WriteMaskedGraph()
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(System.IO.Path.Combine(Path, "model.onnx")));
        foreach (NodeProto node in model.Graph.Node)
        {
            for (int i = 0; i < node.Output.Count; i++)
            {
                node.Output[i] = node.Output[i] == "logits" ? "logits.unmasked" : node.Output[i];
            }
        }

        var shape = new TensorShapeProto();
        foreach (int size in new[] { 1, 1, Bundle.Manifest.VocabSize })
        {
            shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = size });
        }

        var type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float, Shape = shape } };
        model.Graph.Input.Add(new ValueInfoProto { Name = MaskInput, Type = type });
        var add = new NodeProto { OpType = "Add", Name = "logits.masked" };
        add.Input.Add(["logits.unmasked", MaskInput]);
        add.Output.Add("logits");
        model.Graph.Node.Add(add);
        using FileStream stream = File.Create(System.IO.Path.Combine(Path, MaskedGraph));
        model.WriteTo(stream);
    }
}
