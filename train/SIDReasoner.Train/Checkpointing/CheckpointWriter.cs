using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Core.Text;
using SIDReasoner.Train.Data;
using SIDReasoner.Train.Model;

namespace SIDReasoner.Train.Checkpointing;

/// <summary>Writes a model as a Hugging Face folder: what export, Python and every later stage read.</summary>
/// <remarks>Each file is written under a temporary name, flushed and renamed; <c>sidreasoner.json</c> comes last, so a folder that has it is complete.</remarks>
public static class CheckpointWriter
{
    /// <summary>Writes config.json, model.safetensors (float32) and generation_config.json.</summary>
    /// <param name="folder">Made where it is missing; files of these names are replaced.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="Core.SidReasonerException">A file cannot be written; an older one of that name is as it was.</exception>
    public static void WriteModel(string folder, DecoderModel model)
    {
        Directory.CreateDirectory(folder);
        TensorData[] tensors = [.. ParameterSet.ShapesOf(model.Config)
            .Join(model.Parameters.Slots, shape => shape.Key, slot => slot.Name, (_, slot) => TensorData.FromFloats(slot.Name, slot.Shape, model.Parameters.CopyValue(slot)))];
        ModelConfig config = model.Config with { StoredType = TensorDType.F32 };
        config.Save(Path.Combine(folder, "config.json"));
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors, new Dictionary<string, string> { ["format"] = "pt" });
        AtomicFile.Write(Path.Combine(folder, "generation_config.json"), stream => WriteGenerationConfig(stream, config));
    }

    /// <summary>Writes a window model with its own small tokenizer, its prompt and its manifest.</summary>
    /// <param name="folder">Made where it is missing; files of these names are replaced.</param>
    /// <param name="model">The model.</param>
    /// <param name="vocabulary">Its SID tokens, behind <see cref="WindowVocabulary.ControlTokens"/>.</param>
    /// <param name="historyItems">Items of a prompt.</param>
    /// <param name="manifest">What the folder says about itself.</param>
    /// <exception cref="Core.SidReasonerException">A file cannot be written; an older one of that name is as it was.</exception>
    public static void WriteWindowModel(string folder, DecoderModel model, SidVocabulary vocabulary, int historyItems, CheckpointManifest manifest)
    {
        WriteModel(folder, model);
        new SmallTokenizer
        {
            ControlTokens = WindowVocabulary.ControlTokens,
            SidTokens = vocabulary.Tokens,
            Bos = WindowVocabulary.ControlTokens[WindowVocabulary.Bos],
            Eos = WindowVocabulary.ControlTokens[WindowVocabulary.Eos],
            Pad = WindowVocabulary.ControlTokens[WindowVocabulary.Pad],
        }.Save(folder);
        new PromptTemplate { Kind = PromptKind.Window, Bos = WindowVocabulary.ControlTokens[WindowVocabulary.Bos], HistoryMaxItems = historyItems }.Save(folder);
        manifest.Save(folder);
    }

    private static void WriteGenerationConfig(Stream stream, ModelConfig config)
    {
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            if (config.BosTokenId is { } bos)
            {
                json.WriteNumber("bos_token_id", bos);
            }

            json.WriteBoolean("do_sample", false);
            if (config.EosTokenIds.Count == 1)
            {
                json.WriteNumber("eos_token_id", config.EosTokenIds[0]);
            }
            else if (config.EosTokenIds.Count > 1)
            {
                json.WriteStartArray("eos_token_id");
                foreach (int id in config.EosTokenIds)
                {
                    json.WriteNumberValue(id);
                }

                json.WriteEndArray();
            }

            if (config.PadTokenId is { } pad)
            {
                json.WriteNumber("pad_token_id", pad);
            }

            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
    }
}
