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

/// <summary>A bundle of a random Qwen3 with a catalogue of three levels, and the same graph once more with a mask over the logits.</summary>
internal sealed class RivalModel : IDisposable
{
    /// <summary>The graph that adds input <see cref="MaskInput"/> to its logits, as a program that wants GenAI's beams held to a level would export it.</summary>
    public const string MaskedGraph = "model.masked.onnx";

    /// <summary>float32 [1, 1, V], added to the logits.</summary>
    public const string MaskInput = "logit_mask";

    /// <summary>Levels of a SID.</summary>
    public const int Levels = 3;

    private const int Codes = 256;
    private readonly string _root = Directory.CreateTempSubdirectory("sidr-rivals-").FullName;

    /// <summary>Draws weights and catalogue from a seed and exports them.</summary>
    /// <param name="seed">Equal seeds are equal models.</param>
    /// <param name="shape">Sizes; null for <see cref="RivalShape.Small"/>.</param>
    public RivalModel(int seed, RivalShape? shape = null)
    {
        shape ??= RivalShape.Small;
        var random = new Random(seed);
        ItemCatalog catalog = DrawCatalog(random, shape.Items);
        var tokenizer = new SmallTokenizer
        {
            ControlTokens = [.. Enumerable.Range(0, shape.Vocabulary - (Levels * Codes)).Select(i => i < 4 ? new[] { "<pad>", "<bos>", "<eos>", "<unk>" }[i] : $"<c{i}>")],
            SidTokens = [.. Enumerable.Range(0, Levels * Codes).Select(i => $"<{(char)('a' + (i / Codes))}_{i % Codes}>").Order(StringComparer.Ordinal)],
            Bos = "<bos>",
            Eos = "<eos>",
            Pad = "<pad>",
        };
        var config = new ModelConfig
        {
            Architecture = DecoderArchitecture.Qwen3,
            VocabSize = tokenizer.VocabSize,
            HiddenSize = shape.Width,
            IntermediateSize = shape.Mlp,
            LayerCount = shape.Layers,
            HeadCount = shape.Heads,
            KvHeadCount = shape.KvHeads,
            HeadSize = shape.HeadSize,
            MaxPositions = 1024,
            RmsNormEpsilon = 1e-6f,
            RopeTheta = 1e6,
            TiesEmbeddings = true,
            HasQkNorm = true,
            BosTokenId = 1,
            EosTokenIds = [2],
            PadTokenId = 0,
        };
        string checkpoint = Directory.CreateDirectory(Checkpoint).FullName;
        string folder = Directory.CreateDirectory(System.IO.Path.Combine(_root, "catalog")).FullName;
        config.Save(System.IO.Path.Combine(checkpoint, "config.json"));
        tokenizer.Save(checkpoint);
        SafetensorsWriter.Write(System.IO.Path.Combine(checkpoint, "model.safetensors"), Weights(config, random));
        catalog.Save(folder);
        BundleExporter.Export(new BundleExportOptions { Checkpoint = checkpoint, Catalog = folder, Output = Path, Precisions = shape.Precisions });
        Bundle = Bundle.Open(Path);
        SidTokenIds = Bundle.Manifest.SidTokens!.TokenIds;
        Catalog = catalog;
        Vocabulary = new SidVocabulary(Bundle.Manifest.SidTokens.Texts.Zip(SidTokenIds).ToDictionary(pair => pair.First, pair => pair.Second));
        WriteMaskedGraph();
    }

    /// <summary>The bundle's folder.</summary>
    public string Path => System.IO.Path.Combine(_root, "bundle");

    /// <summary>The checkpoint's folder.</summary>
    public string Checkpoint => System.IO.Path.Combine(_root, "checkpoint");

    /// <summary>A folder for a rival's files, deleted with the rest.</summary>
    public string Folder(string name) => Directory.CreateDirectory(System.IO.Path.Combine(_root, name)).FullName;

    /// <summary>The bundle.</summary>
    public Bundle Bundle { get; }

    /// <summary>The catalogue, of 256 codes a level.</summary>
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

    private static ItemCatalog DrawCatalog(Random random, int items)
    {
        var sids = new HashSet<string>();
        while (sids.Count < items)
        {
            sids.Add($"<a_{random.Next(Codes)}><b_{random.Next(Codes)}><c_{random.Next(Codes)}>");
        }

        return new ItemCatalog([.. sids.Select((sid, i) => new Item(i.ToString(System.Globalization.CultureInfo.InvariantCulture), $"item {i}", SemanticId.Parse(sid)))]);
    }

    private static List<TensorData> Weights(ModelConfig config, Random random)
    {
        var tensors = new List<TensorData>();
        int width = config.HiddenSize, queries = config.HeadCount * config.HeadSize, keys = config.KvHeadCount * config.HeadSize;
        Matrix("model.embed_tokens", config.VocabSize, width);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            Vector(prefix + "input_layernorm", width);
            Matrix(prefix + "self_attn.q_proj", queries, width);
            Matrix(prefix + "self_attn.k_proj", keys, width);
            Matrix(prefix + "self_attn.v_proj", keys, width);
            Matrix(prefix + "self_attn.o_proj", width, queries);
            Vector(prefix + "self_attn.q_norm", config.HeadSize);
            Vector(prefix + "self_attn.k_norm", config.HeadSize);
            Vector(prefix + "post_attention_layernorm", width);
            Matrix(prefix + "mlp.gate_proj", config.IntermediateSize, width);
            Matrix(prefix + "mlp.up_proj", config.IntermediateSize, width);
            Matrix(prefix + "mlp.down_proj", width, config.IntermediateSize);
        }

        Vector("model.norm", width);
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
