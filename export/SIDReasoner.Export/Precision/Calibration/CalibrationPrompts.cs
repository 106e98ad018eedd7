using System.Text.Json;
using SIDReasoner.Core;
using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;
using SIDReasoner.Core.Text;

namespace SIDReasoner.Export.Precision.Calibration;

/// <summary>The prompts on which channels are measured: from a file, else drawn from the catalogue.</summary>
internal static class CalibrationPrompts
{
    /// <summary>Prompts drawn from a catalogue.</summary>
    public const int DrawnPrompts = 48;

    /// <summary>Most lines that are read of a file.</summary>
    public const int MostLines = 256;

    private const int Seed = 1;
    private const int MostDrawnItems = 20;

    /// <summary>Random histories of the catalogue, the same for the same catalogue, in the checkpoint's own wording; half of them with the question that asks for a thought, where there is one.</summary>
    public static List<int[]> Draw(ItemCatalog catalog, SidVocabulary vocabulary, PromptTemplate template, ByteLevelBpeTokenizer tokenizer)
    {
        var random = new Random(Seed);
        var prompts = new List<int[]>();
        for (var i = 0; i < DrawnPrompts; i++)
        {
            var most = Math.Clamp(template.HistoryMaxItems, 1, MostDrawnItems);
            var items = Enumerable.Range(0, random.Next(1, most + 1)).Select(_ => catalog.Items[random.Next(catalog.Items.Count)]);
            prompts.Add(template.Build([.. items], vocabulary, tokenizer, thinks: template.CanThink && i % 2 == 1));
        }

        return prompts;
    }

    /// <summary>Reads JSON Lines: <c>{"text": "..."}</c>, tokenised as it stands, or <c>{"prompt_ids": [...]}</c>; other fields are ignored.</summary>
    /// <exception cref="InvalidFileException">The file is missing or empty, or a line is neither; its number is named.</exception>
    public static List<int[]> Load(string path, ByteLevelBpeTokenizer? tokenizer, int vocabSize)
    {
        if (!File.Exists(path))
            throw new InvalidFileException(path, "it does not exist; --calibration expects JSON Lines of {\"text\": ...} or {\"prompt_ids\": [...]}.");
        var prompts = new List<int[]>();
        var number = 0;
        foreach (var line in File.ReadLines(path).Take(MostLines))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            var ids = Parse(path, number, line, tokenizer);
            if (ids.Length == 0 || ids.Any(id => id < 0 || id >= vocabSize))
                throw new InvalidFileException(path, $"line {number} has {(ids.Length == 0 ? "no token" : $"ids up to {ids.Max()}")}; expected token ids from 0 to {vocabSize - 1}.");
            prompts.Add(ids);
        }

        return prompts.Count > 0 ? prompts : throw new InvalidFileException(path, "it has no line; expected at least one prompt to calibrate on.");
    }

    private static int[] Parse(string path, int number, string line, ByteLevelBpeTokenizer? tokenizer)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.TryGetProperty("prompt_ids", out var ids))
                return [.. ids.EnumerateArray().Select(id => id.GetInt32())];
            if (document.RootElement.TryGetProperty("text", out var text))
            {
                return tokenizer is null
                    ? throw new InvalidFileException(path, $"line {number} is text, and the checkpoint has no {ByteLevelBpeTokenizer.FileName}; expected prompt_ids.")
                    : tokenizer.Encode(text.GetString()!);
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidFileException(path, $"line {number} is not such a line: {error.Message}");
        }

        throw new InvalidFileException(path, $"line {number} has neither 'text' nor 'prompt_ids'.");
    }
}
