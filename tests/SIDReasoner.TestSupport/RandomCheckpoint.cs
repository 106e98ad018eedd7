using System.Runtime.InteropServices;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Core.Text;

namespace SIDReasoner.TestSupport;

/// <summary>A tiny Hugging Face folder with random weights and a random catalogue beside it, made where a test needs one.</summary>
public sealed class RandomCheckpoint : IDisposable
{
    /// <summary>Ids below this are ordinary tokens; the SID tokens follow.</summary>
    public const int FirstSidToken = 40;

    /// <summary>The kinds of model that <see cref="Create"/> knows.</summary>
    public static IReadOnlyList<string> Variants { get; } = ["qwen3-tied", "qwen3-untied", "llama-small-heads", "llama3-scaled", "qwen2-biases"];

    private RandomCheckpoint(string root, ModelConfig config, ItemCatalog catalog, SidVocabulary vocabulary)
    {
        Root = root;
        Config = config;
        Catalog = catalog;
        Vocabulary = vocabulary;
    }

    /// <summary>The temporary folder that holds everything.</summary>
    public string Root { get; }

    /// <summary>The checkpoint's folder.</summary>
    public string Folder => Path.Combine(Root, "checkpoint");

    /// <summary>The catalogue's folder.</summary>
    public string CatalogFolder => Path.Combine(Root, "catalog");

    /// <summary>The model's shape.</summary>
    public ModelConfig Config { get; }

    /// <summary>The catalogue: a few hundred items of three levels, or of two to four where ragged.</summary>
    public ItemCatalog Catalog { get; }

    /// <summary>The SID tokens.</summary>
    public SidVocabulary Vocabulary { get; }

    /// <summary>Makes a checkpoint; dispose it to delete the folder.</summary>
    /// <param name="variant">One of <see cref="Variants"/>.</param>
    /// <param name="seed">The seed of weights and catalogue.</param>
    /// <param name="items">Items of the catalogue, at most.</param>
    /// <param name="ragged">Whether SIDs differ in depth.</param>
    /// <param name="change">Other sizes; null for tiny ones.</param>
    /// <param name="dtype">How weights are stored.</param>
    /// <returns>The checkpoint.</returns>
    public static RandomCheckpoint Create(
        string variant, int seed, int items = 200, bool ragged = false, Func<ModelConfig, ModelConfig>? change = null, TensorDType dtype = TensorDType.F32)
    {
        var random = new Random(seed);
        ItemCatalog catalog = DrawCatalog(random, items, ragged);
        SidVocabulary vocabulary = SidVocabulary.Append(catalog.Items.Select(item => item.Sid), FirstSidToken);
        ModelConfig config = Shape(variant, FirstSidToken + vocabulary.Count + 3);
        config = change?.Invoke(config) ?? config;

        string root = Directory.CreateTempSubdirectory("sidr-test-").FullName;
        var checkpoint = new RandomCheckpoint(root, config, catalog, vocabulary);
        Directory.CreateDirectory(checkpoint.Folder);
        Directory.CreateDirectory(checkpoint.CatalogFolder);
        config.Save(Path.Combine(checkpoint.Folder, "config.json"));
        SafetensorsWriter.Write(Path.Combine(checkpoint.Folder, "model.safetensors"), [.. Weights(config, random).Select(tensor => Cast(tensor, dtype))]);
        new CheckpointManifest
        {
            Stage = "random",
            SidTokenIds = [.. vocabulary.TokenIds],
            SidTokens = [.. vocabulary.Tokens],
        }.Save(checkpoint.Folder);
        new SmallTokenizer
        {
            ControlTokens = ["<pad>", "<bos>", "<eos>", .. Enumerable.Range(3, FirstSidToken - 3).Select(id => $"<word_{id}>")],
            SidTokens = [.. vocabulary.Tokens],
            Bos = "<bos>",
            Eos = "<eos>",
        }.Save(checkpoint.Folder);
        new PromptTemplate { Kind = PromptKind.Window }.Save(checkpoint.Folder);
        catalog.Save(checkpoint.CatalogFolder);
        return checkpoint;
    }

    /// <summary>Makes a checkpoint that spells any text (<see cref="SmallVocabulary"/>), with a wording that thinks and a chat template. Its text is noise.</summary>
    /// <param name="seed">The seed of weights and catalogue.</param>
    /// <returns>The checkpoint; its context is 1,024 tokens.</returns>
    public static RandomCheckpoint CreateTalking(int seed)
    {
        var random = new Random(seed);
        ItemCatalog catalog = DrawCatalog(random, count: 200, ragged: false);
        SidVocabulary vocabulary = SidVocabulary.Append(catalog.Items.Select(item => item.Sid), SmallVocabulary.FirstSidToken);
        ModelConfig config = Shape("qwen3-tied", SmallVocabulary.FirstSidToken + vocabulary.Count) with { MaxPositions = 1024, BosTokenId = 2, EosTokenIds = [1] };
        var checkpoint = new RandomCheckpoint(Directory.CreateTempSubdirectory("sidr-test-").FullName, config, catalog, vocabulary);
        Directory.CreateDirectory(checkpoint.Folder);
        Directory.CreateDirectory(checkpoint.CatalogFolder);
        config.Save(Path.Combine(checkpoint.Folder, "config.json"));
        SafetensorsWriter.Write(Path.Combine(checkpoint.Folder, "model.safetensors"), Weights(config, random));
        SmallVocabulary.Define(vocabulary.Tokens).Save(checkpoint.Folder);
        new PromptTemplate
        {
            User = "Bought: {history}",
            UserThink = "Bought: {history}, lastly {last_title}. Think first.",
            Layout = "<bos>{user}\n",
            ThinkOpen = "<think>",
            ThinkClose = "\n</think>\n",
            ReplyEnd = "<eos>",
        }.Save(checkpoint.Folder);
        File.WriteAllText(
            Path.Combine(checkpoint.Folder, "chat_template.jinja"),
            "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% if enable_thinking is false %}<think></think>{% endif %}{% endif %}");
        catalog.Save(checkpoint.CatalogFolder);
        return checkpoint;
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static ItemCatalog DrawCatalog(Random random, int count, bool ragged)
    {
        var items = new List<Item>();
        var taken = new HashSet<string>();
        var prefixes = new HashSet<string>();
        for (int attempt = 0; attempt < count * 4 && items.Count < count; attempt++)
        {
            int depth = ragged ? random.Next(2, 5) : 3;
            string[] tokens = [.. Enumerable.Range(0, depth).Select(level => $"<{(char)('a' + level)}_{random.Next(level == 0 ? 8 : 20)}>")];
            string text = string.Concat(tokens);
            string[] starts = [.. Enumerable.Range(1, depth - 1).Select(length => string.Concat(tokens[..length]))];
            if (prefixes.Contains(text) || starts.Any(taken.Contains))
            {
                continue;
            }

            taken.Add(text);
            prefixes.UnionWith(starts);
            items.Add(new Item(items.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), $"item {items.Count}", SemanticId.Parse(text)));
        }

        return new ItemCatalog(items);
    }

    private static ModelConfig Shape(string variant, int vocabSize)
    {
        var shape = new ModelConfig
        {
            Architecture = DecoderArchitecture.Qwen3,
            VocabSize = vocabSize,
            HiddenSize = 32,
            IntermediateSize = 48,
            LayerCount = 2,
            HeadCount = 4,
            KvHeadCount = 2,
            HeadSize = 16,
            MaxPositions = 256,
            RmsNormEpsilon = 1e-6f,
            RopeTheta = 10000,
            TiesEmbeddings = true,
            HasQkNorm = true,
            BosTokenId = 1,
            EosTokenIds = [2],
        };
        return variant switch
        {
            "qwen3-tied" => shape,
            "qwen3-untied" => shape with { TiesEmbeddings = false, KvHeadCount = 1, RopeTheta = 1e6 },
            "llama-small-heads" => shape with { Architecture = DecoderArchitecture.Llama, HasQkNorm = false, HeadSize = 8, RmsNormEpsilon = 1e-5f },
            "llama3-scaled" => shape with
            {
                Architecture = DecoderArchitecture.Llama,
                HasQkNorm = false,
                RopeTheta = 500000,
                RopeScaling = new Llama3RopeScaling(8, 1, 4, 16),
            },
            "qwen2-biases" => shape with { Architecture = DecoderArchitecture.Qwen2, HasQkNorm = false, HasQkvBias = true },
            _ => throw new ArgumentOutOfRangeException(nameof(variant), variant, "An unknown kind of model."),
        };
    }

    private static TensorData Cast(TensorData tensor, TensorDType dtype)
    {
        if (dtype == TensorDType.F32)
        {
            return tensor;
        }

        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(tensor.Bytes.Span);
        ushort[] halves = new ushort[values.Length];
        for (int i = 0; i < halves.Length; i++)
        {
            halves[i] = dtype == TensorDType.F16 ? BitConverter.HalfToUInt16Bits((Half)values[i]) : (ushort)(BitConverter.SingleToUInt32Bits(values[i]) >> 16);
        }

        return new TensorData(tensor.Name, dtype, tensor.Shape, MemoryMarshal.AsBytes(halves.AsSpan()).ToArray());
    }

    private static List<TensorData> Weights(ModelConfig config, Random random)
    {
        var tensors = new List<TensorData>();
        Matrix("model.embed_tokens.weight", config.VocabSize, config.HiddenSize, 1.0);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            int queries = config.HeadCount * config.HeadSize, keys = config.KvHeadCount * config.HeadSize;
            Vector(prefix + "input_layernorm.weight", config.HiddenSize, 1);
            Linear(prefix + "self_attn.q_proj", queries, config.HiddenSize, config.HasQkvBias);
            Linear(prefix + "self_attn.k_proj", keys, config.HiddenSize, config.HasQkvBias);
            Linear(prefix + "self_attn.v_proj", keys, config.HiddenSize, config.HasQkvBias);
            Linear(prefix + "self_attn.o_proj", config.HiddenSize, queries, config.HasOutputBias);
            if (config.HasQkNorm)
            {
                Vector(prefix + "self_attn.q_norm.weight", config.HeadSize, 1);
                Vector(prefix + "self_attn.k_norm.weight", config.HeadSize, 1);
            }

            Vector(prefix + "post_attention_layernorm.weight", config.HiddenSize, 1);
            Linear(prefix + "mlp.gate_proj", config.IntermediateSize, config.HiddenSize, config.HasMlpBias);
            Linear(prefix + "mlp.up_proj", config.IntermediateSize, config.HiddenSize, config.HasMlpBias);
            Linear(prefix + "mlp.down_proj", config.HiddenSize, config.IntermediateSize, config.HasMlpBias);
        }

        Vector("model.norm.weight", config.HiddenSize, 1);
        if (!config.TiesEmbeddings)
        {
            Matrix("lm_head.weight", config.VocabSize, config.HiddenSize, 1.0);
        }

        return tensors;

        void Linear(string name, int rows, int columns, bool bias)
        {
            Matrix(name + ".weight", rows, columns, 1.4 / Math.Sqrt(columns));
            if (bias)
            {
                Vector(name + ".bias", rows, 0);
            }
        }

        void Matrix(string name, int rows, int columns, double deviation) =>
            tensors.Add(TensorData.FromFloats(name, [rows, columns], Draw(rows * columns, 0, deviation)));

        void Vector(string name, int size, double mean) =>
            tensors.Add(TensorData.FromFloats(name, [size], Draw(size, mean, 0.3)));

        float[] Draw(int count, double mean, double deviation)
        {
            float[] values = new float[count];
            for (int i = 0; i < count; i++)
            {
                double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
                values[i] = (float)(mean + (deviation * radius * Math.Cos(2 * Math.PI * random.NextDouble())));
            }

            return values;
        }
    }
}
