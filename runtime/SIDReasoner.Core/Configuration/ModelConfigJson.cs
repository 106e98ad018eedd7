using System.Text.Json;
using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Core.Configuration;

/// <summary>config.json to <see cref="ModelConfig"/> and back.</summary>
internal static class ModelConfigJson
{
    private const int MaxLayers = 1_000;

    public static ModelConfig Load(string path)
    {
        using var document = JsonFile.ReadObject(path);
        var problems = new List<string>();
        var fields = new JsonFields(document.RootElement, problems);
        var type = fields.Text("model_type");
        var architecture = type switch
        {
            "qwen3" => DecoderArchitecture.Qwen3,
            "qwen2" => DecoderArchitecture.Qwen2,
            "llama" => DecoderArchitecture.Llama,
            _ => (DecoderArchitecture?)null,
        };
        if (architecture is null)
        {
            throw new InvalidFileException(path, type is null
                ? "'model_type' is missing; expected 'qwen3', 'qwen2' or 'llama'."
                : $"'model_type' is '{type}'; expected 'qwen3', 'qwen2' or 'llama'.");
        }

        RefuseUnsupported(fields, problems);
        var hidden = fields.Integer("hidden_size");
        var heads = fields.Integer("num_attention_heads");
        var kvHeads = fields.Integer("num_key_value_heads", 1, heads);
        var config = new ModelConfig
        {
            Architecture = architecture.Value,
            VocabSize = fields.Integer("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = fields.Integer("intermediate_size"),
            LayerCount = fields.Integer("num_hidden_layers"),
            HeadCount = heads,
            KvHeadCount = kvHeads,
            HeadSize = fields.Integer("head_dim", 2, architecture == DecoderArchitecture.Qwen3 ? 128 : Math.Max(2, hidden / heads)),
            MaxPositions = fields.Integer("max_position_embeddings"),
            RmsNormEpsilon = (float)fields.Positive("rms_norm_eps", 1e-6),
            RopeTheta = Rope(fields, problems, out var scaling),
            RopeScaling = scaling,
            TiesEmbeddings = fields.Boolean("tie_word_embeddings", false),
            HasQkNorm = architecture == DecoderArchitecture.Qwen3,
            HasQkvBias = architecture == DecoderArchitecture.Qwen2 || fields.Boolean("attention_bias", false),
            HasOutputBias = architecture != DecoderArchitecture.Qwen2 && fields.Boolean("attention_bias", false),
            HasMlpBias = architecture == DecoderArchitecture.Llama && fields.Boolean("mlp_bias", false),
            BosTokenId = fields.TokenIds("bos_token_id").Cast<int?>().FirstOrDefault(),
            EosTokenIds = fields.TokenIds("eos_token_id"),
            PadTokenId = PadToken(fields, problems),
            StoredType = StoredType(fields, problems),
        };
        CheckTogether(config, fields, problems);
        return problems.Count == 0 ? config : throw new InvalidFileException(path, problems);
    }

    public static void Save(ModelConfig config, string path) => AtomicFile.Write(path, stream =>
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        json.WriteStartObject();
        json.WriteStartArray("architectures");
        json.WriteStringValue($"{config.Architecture}ForCausalLM");
        json.WriteEndArray();
        if (config.Architecture != DecoderArchitecture.Qwen2)
            json.WriteBoolean("attention_bias", config.HasQkvBias);
        json.WriteNumber("attention_dropout", 0.0);
        WriteId(json, "bos_token_id", config.BosTokenId);
        json.WriteString("dtype", DTypeName(config.StoredType));
        WriteIds(json, "eos_token_id", config.EosTokenIds);
        json.WriteNumber("head_dim", config.HeadSize);
        json.WriteString("hidden_act", "silu");
        json.WriteNumber("hidden_size", config.HiddenSize);
        json.WriteNumber("initializer_range", 0.02);
        json.WriteNumber("intermediate_size", config.IntermediateSize);
        json.WriteNumber("max_position_embeddings", config.MaxPositions);
        if (config.Architecture == DecoderArchitecture.Llama)
            json.WriteBoolean("mlp_bias", config.HasMlpBias);
        json.WriteString("model_type", config.Architecture.ToString().ToLowerInvariant());
        json.WriteNumber("num_attention_heads", config.HeadCount);
        json.WriteNumber("num_hidden_layers", config.LayerCount);
        json.WriteNumber("num_key_value_heads", config.KvHeadCount);
        WriteId(json, "pad_token_id", config.PadTokenId);
        json.WriteNumber("rms_norm_eps", double.Parse(config.RmsNormEpsilon.ToString("R", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture));
        WriteRope(json, config);
        json.WriteBoolean("tie_word_embeddings", config.TiesEmbeddings);
        json.WriteString("torch_dtype", DTypeName(config.StoredType));
        json.WriteBoolean("use_cache", true);
        if (config.Architecture != DecoderArchitecture.Llama)
            json.WriteBoolean("use_sliding_window", false);
        json.WriteNumber("vocab_size", config.VocabSize);
        json.WriteEndObject();
        json.Flush();
        stream.WriteByte((byte)'\n');
    });

    private static void RefuseUnsupported(JsonFields fields, List<string> problems)
    {
        if (fields.Text("hidden_act") is { } activation && activation != "silu")
            problems.Add($"'hidden_act' is '{activation}'; only 'silu' is supported.");
        if (fields.Boolean("use_sliding_window", false))
            problems.Add("'use_sliding_window' is true; only full attention is supported.");
        if (fields.Find("quantization_config") is not null)
            problems.Add("'quantization_config' is set; only F32, F16 and BF16 weights are supported. Save the model unquantized.");
        if (fields.Find("layer_types") is { ValueKind: JsonValueKind.Array } layers)
        {
            foreach (var kind in layers.EnumerateArray().Select(layer => layer.ToString()).Where(kind => kind != "full_attention").Distinct())
                problems.Add($"'layer_types' holds '{kind}'; only 'full_attention' is supported.");
        }

        if (fields.Find("partial_rotary_factor") is not null && fields.Positive("partial_rotary_factor") != 1)
            problems.Add("'partial_rotary_factor' is not 1; only whole heads are rotated here.");
    }

    private static double Rope(JsonFields fields, List<string> problems, out Llama3RopeScaling? scaling)
    {
        scaling = null;
        var parameters = fields.Object("rope_parameters");
        var rope = fields.Object("rope_scaling") ?? parameters;
        var theta = parameters?.Find("rope_theta") is not null
            ? parameters.Positive("rope_theta")
            : fields.Positive("rope_theta", 10_000);
        if (rope is null)
            return theta;
        var type = rope.Text("rope_type") ?? rope.Text("type") ?? "default";
        if (type == "llama3")
        {
            scaling = new Llama3RopeScaling(
                rope.Positive("factor"), rope.Positive("low_freq_factor"), rope.Positive("high_freq_factor"), rope.Integer("original_max_position_embeddings"));
            if (scaling.HighFrequencyFactor <= scaling.LowFrequencyFactor)
                problems.Add($"rope scaling has high_freq_factor {scaling.HighFrequencyFactor}; expected more than low_freq_factor {scaling.LowFrequencyFactor}.");
        }
        else if (type != "default")
        {
            problems.Add($"rope scaling of type '{type}' is not supported; expected 'default' or 'llama3'.");
        }

        if (rope.Find("partial_rotary_factor") is not null && rope.Positive("partial_rotary_factor") != 1)
            problems.Add("'partial_rotary_factor' is not 1; only whole heads are rotated here.");
        return theta;
    }

    private static int? PadToken(JsonFields fields, List<string> problems)
    {
        // Some published folders say -1 for "none".
        if (fields.Find("pad_token_id") is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var id) && id == -1)
            return null;
        var ids = fields.TokenIds("pad_token_id");
        if (ids.Count > 1)
            problems.Add($"'pad_token_id' lists {ids.Count} tokens; expected one.");
        return ids.Cast<int?>().FirstOrDefault();
    }

    private static TensorDType StoredType(JsonFields fields, List<string> problems)
    {
        var name = fields.Text("dtype") ?? fields.Text("torch_dtype") ?? "float32";
        switch (name)
        {
            case "float32":
                return TensorDType.F32;
            case "float16":
                return TensorDType.F16;
            case "bfloat16":
                return TensorDType.BF16;
            default:
                problems.Add($"'dtype' is '{name}'; expected 'float32', 'float16' or 'bfloat16'.");
                return TensorDType.F32;
        }
    }

    private static void CheckTogether(ModelConfig config, JsonFields fields, List<string> problems)
    {
        if (problems.Count > 0)
            return;
        if (config.LayerCount > MaxLayers)
            problems.Add($"'num_hidden_layers' is {config.LayerCount}; expected at most {MaxLayers}.");
        if (config.HeadCount % config.KvHeadCount != 0)
            problems.Add($"'num_attention_heads' is {config.HeadCount}; expected a multiple of 'num_key_value_heads', {config.KvHeadCount}.");
        if (fields.Find("head_dim") is null && config.Architecture != DecoderArchitecture.Qwen3 && config.HiddenSize % config.HeadCount != 0)
            problems.Add($"'hidden_size' is {config.HiddenSize}; without 'head_dim' it must be a multiple of 'num_attention_heads', {config.HeadCount}.");
        if (config.HeadSize % 2 != 0)
            problems.Add($"'head_dim' is {config.HeadSize}; expected an even number.");
        foreach (var (name, id) in config.EosTokenIds.Select(id => ("eos_token_id", (int?)id)).Append(("bos_token_id", config.BosTokenId)).Append(("pad_token_id", config.PadTokenId)))
        {
            if (id >= config.VocabSize)
                problems.Add($"'{name}' is {id}; expected less than 'vocab_size', {config.VocabSize}.");
        }
    }

    private static string DTypeName(TensorDType type) => type switch
    {
        TensorDType.F16 => "float16",
        TensorDType.BF16 => "bfloat16",
        _ => "float32",
    };

    private static void WriteId(Utf8JsonWriter json, string name, int? id)
    {
        if (id is { } value)
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }

    private static void WriteIds(Utf8JsonWriter json, string name, IReadOnlyList<int> ids)
    {
        if (ids.Count <= 1)
        {
            WriteId(json, name, ids.Count == 0 ? null : ids[0]);
            return;
        }

        json.WriteStartArray(name);
        foreach (var id in ids)
            json.WriteNumberValue(id);
        json.WriteEndArray();
    }

    private static void WriteRope(Utf8JsonWriter json, ModelConfig config)
    {
        json.WriteStartObject("rope_parameters");
        WriteScaling(json, config.RopeScaling);
        json.WriteNumber("rope_theta", config.RopeTheta);
        json.WriteString("rope_type", config.RopeScaling is null ? "default" : "llama3");
        json.WriteEndObject();
        if (config.RopeScaling is not null)
        {
            json.WriteStartObject("rope_scaling");
            WriteScaling(json, config.RopeScaling);
            json.WriteString("rope_type", "llama3");
            json.WriteEndObject();
        }

        json.WriteNumber("rope_theta", config.RopeTheta);
    }

    private static void WriteScaling(Utf8JsonWriter json, Llama3RopeScaling? scaling)
    {
        if (scaling is null)
            return;
        json.WriteNumber("factor", scaling.Factor);
        json.WriteNumber("high_freq_factor", scaling.HighFrequencyFactor);
        json.WriteNumber("low_freq_factor", scaling.LowFrequencyFactor);
        json.WriteNumber("original_max_position_embeddings", scaling.OriginalMaxPositions);
    }
}
