using System.Text.Json.Nodes;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using Xunit;

namespace SIDReasoner.Core.Tests.Configuration;

public class ModelConfigTests
{
    private const string Qwen3 = """
        {"model_type":"qwen3","vocab_size":100,"hidden_size":64,"intermediate_size":128,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,
         "head_dim":32,"max_position_embeddings":512,"rms_norm_eps":1e-6,"rope_parameters":{"rope_theta":1000000.0,"rope_type":"default"},
         "tie_word_embeddings":true,"dtype":"bfloat16","eos_token_id":[7,8],"bos_token_id":6,"pad_token_id":null}
        """;

    [Fact]
    public void Load_NewStyle_ReadsEverything()
    {
        var config = Load(Qwen3);

        Assert.Equal(DecoderArchitecture.Qwen3, config.Architecture);
        Assert.Equal((100, 64, 128, 2, 4, 2, 32, 512), (config.VocabSize, config.HiddenSize, config.IntermediateSize, config.LayerCount, config.HeadCount, config.KvHeadCount, config.HeadSize, config.MaxPositions));
        Assert.Equal((1e-6f, 1e6), (config.RmsNormEpsilon, config.RopeTheta));
        Assert.True(config.TiesEmbeddings && config.HasQkNorm);
        Assert.False(config.HasQkvBias || config.HasOutputBias || config.HasMlpBias);
        Assert.Equal([7, 8], config.EosTokenIds);
        Assert.Equal((6, null), (config.BosTokenId, config.PadTokenId));
        Assert.Equal(TensorDType.BF16, config.StoredType);
    }

    [Fact]
    public void Load_FamiliesDefaults_AreTransformers()
    {
        var llama = Load(Edit("""{"model_type":"llama","head_dim":null,"num_key_value_heads":null,"rope_parameters":null,"attention_bias":true,"mlp_bias":true,"tie_word_embeddings":null,"eos_token_id":2}"""));
        var qwen2 = Load(Edit("""{"model_type":"qwen2","head_dim":null,"attention_bias":false}"""));
        var qwen3 = Load(Edit("""{"head_dim":null}"""));

        Assert.Equal((16, 4, 10_000.0, false), (llama.HeadSize, llama.KvHeadCount, llama.RopeTheta, llama.TiesEmbeddings));
        Assert.True(llama.HasQkvBias && llama.HasOutputBias && llama.HasMlpBias && !llama.HasQkNorm);
        Assert.Equal([2], llama.EosTokenIds);
        Assert.Equal((16, true, false), (qwen2.HeadSize, qwen2.HasQkvBias, qwen2.HasOutputBias));
        Assert.Equal(128, qwen3.HeadSize);
    }

    [Theory]
    [InlineData("""{"rope_parameters":{"rope_type":"yarn","factor":4.0,"rope_theta":1.0}}""", "type 'yarn' is not supported")]
    [InlineData("""{"rope_parameters":null,"rope_scaling":{"type":"linear","factor":2.0}}""", "type 'linear' is not supported")]
    [InlineData("""{"rope_scaling":{"rope_type":"llama3","factor":8.0}}""", "'rope_scaling.low_freq_factor' is missing")]
    [InlineData("""{"hidden_act":"gelu"}""", "'hidden_act' is 'gelu'")]
    [InlineData("""{"use_sliding_window":true}""", "'use_sliding_window' is true")]
    [InlineData("""{"layer_types":["full_attention","sliding_attention"]}""", "'layer_types' holds 'sliding_attention'")]
    [InlineData("""{"quantization_config":{"bits":4}}""", "'quantization_config' is set")]
    [InlineData("""{"partial_rotary_factor":0.5}""", "'partial_rotary_factor' is not 1")]
    [InlineData("""{"dtype":"float8_e4m3fn"}""", "'dtype' is 'float8_e4m3fn'")]
    [InlineData("""{"model_type":"gemma3"}""", "'model_type' is 'gemma3'")]
    [InlineData("""{"model_type":null}""", "'model_type' is missing")]
    [InlineData("""{"vocab_size":-4}""", "'vocab_size' is -4; expected a whole number of at least 1")]
    [InlineData("""{"vocab_size":1e40}""", "'vocab_size' is 1e40")]
    [InlineData("""{"hidden_size":"64"}""", "'hidden_size' is \"64\"")]
    [InlineData("""{"num_hidden_layers":null}""", "'num_hidden_layers' is missing")]
    [InlineData("""{"num_hidden_layers":2000000000}""", "expected at most 1000")]
    [InlineData("""{"num_key_value_heads":3}""", "expected a multiple of 'num_key_value_heads', 3")]
    [InlineData("""{"head_dim":33}""", "'head_dim' is 33; expected an even number")]
    [InlineData("""{"model_type":"llama","head_dim":null,"num_attention_heads":6}""", "must be a multiple of 'num_attention_heads', 6")]
    [InlineData("""{"rms_norm_eps":0}""", "'rms_norm_eps' is 0; expected a positive number")]
    [InlineData("""{"eos_token_id":[1,"a"]}""", "'eos_token_id' holds \"a\"")]
    [InlineData("""{"eos_token_id":100}""", "'eos_token_id' is 100; expected less than 'vocab_size', 100")]
    [InlineData("""{"tie_word_embeddings":1}""", "'tie_word_embeddings' is 1; expected true or false")]
    [InlineData("""{"rope_parameters":[]}""", "'rope_parameters' is an array; expected an object")]
    public void Load_UnsupportedOrWrong_NamesTheSetting(string change, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidFileException>(() => Load(Edit(change))).Message);

    [Fact]
    public void Load_SeveralProblems_AllReported() =>
        Assert.Equal(3, Assert.Throws<InvalidFileException>(() => Load(Edit("""{"vocab_size":0,"hidden_act":"relu","max_position_embeddings":null}"""))).Problems.Count);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"model_type\":")]
    [InlineData("null")]
    public void Load_NoObject_Refused(string text) => Assert.Throws<InvalidFileException>(() => Load(text));

    [Fact]
    public void Load_CutAnywhere_Refused()
    {
        for (var length = 0; length < Qwen3.TrimEnd().Length; length++)
            Assert.ThrowsAny<SidReasonerException>(() => Load(Qwen3[..length]));
    }

    [Fact]
    public void Save_Llama3_BothStylesReadTheSame()
    {
        using var folder = new TempFolder();
        var config = Load(Qwen3) with { Architecture = DecoderArchitecture.Llama, HasQkNorm = false, RopeScaling = new Llama3RopeScaling(8, 1, 4, 64), RopeTheta = 500_000, EosTokenIds = [3] };

        config.Save(folder.File("config.json"));

        var json = JsonNode.Parse(File.ReadAllText(folder.File("config.json")))!.AsObject();
        Assert.Equal(config, ModelConfig.Load(folder.File("config.json")));
        Assert.Equal("LlamaForCausalLM", (string?)json["architectures"]![0]);
        foreach (var names in new[] { ("rope_parameters", "dtype"), ("rope_scaling", "torch_dtype") })
        {
            var one = json.DeepClone().AsObject();
            one.Remove(names.Item1);
            one.Remove(names.Item2);
            Assert.Equal(config, Load(one.ToJsonString()));
        }
    }

    [Fact]
    public void RotaryInverseFrequencies_Llama3_LongWavelengthsDividedShortOnesLeft()
    {
        var plain = Load(Qwen3) with { RopeTheta = 500_000 };
        var scaled = plain with { RopeScaling = new Llama3RopeScaling(8, 1, 4, 64) };

        var (before, after) = (plain.RotaryInverseFrequencies(), scaled.RotaryInverseFrequencies());

        Assert.Equal(1f, before[0]);
        Assert.Equal((float)Math.Pow(500_000, -2.0 / 32), before[1]);
        for (var i = 0; i < before.Length; i++)
        {
            var wavelength = 2 * Math.PI / before[i];
            if (wavelength < 16)
                Assert.Equal(before[i], after[i]);
            else if (wavelength > 64)
                Assert.Equal(before[i] / 8, after[i], 1e-12f);
            else
                Assert.InRange(after[i], before[i] / 8, before[i]);
        }
    }

    [Fact]
    public void TryLoad_GenerationConfig_ReadsDefaultsAndRefusesWrongTypes()
    {
        using var folder = new TempFolder();
        Assert.Null(GenerationConfig.TryLoad(folder.Root));

        folder.Write("generation_config.json", """{"bos_token_id":1,"do_sample":true,"eos_token_id":[2,3],"pad_token_id":1,"temperature":0.6,"top_k":20,"top_p":0.95}""");
        var config = GenerationConfig.TryLoad(folder.Root)!;
        folder.Write("generation_config.json", """{"do_sample":"yes","eos_token_id":"x","temperature":0,"top_k":-1,"top_p":1.5}""");
        var error = Assert.Throws<InvalidFileException>(() => GenerationConfig.TryLoad(folder.Root));

        Assert.Equal([2, 3], config.EosTokenIds);
        Assert.Equal((true, 0.6, 20, 0.95), (config.Samples, config.Temperature, config.TopK, config.TopP));
        Assert.Equal(5, error.Problems.Count);
    }

    private static ModelConfig Load(string text)
    {
        using var folder = new TempFolder();
        return ModelConfig.Load(folder.Write("config.json", text));
    }

    private static string Edit(string change)
    {
        var config = JsonNode.Parse(Qwen3)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
            config[name] = value?.DeepClone();
        return config.ToJsonString();
    }
}
