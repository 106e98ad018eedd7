using SIDReasoner.Core.Checkpoints;

namespace SIDReasoner.Core.Configuration;

/// <summary>What <c>generation_config.json</c> of a Hugging Face folder says. Its sampling defaults act only where a caller asks for them.</summary>
public sealed record GenerationConfig
{
    /// <summary>The file's name in a checkpoint folder.</summary>
    public const string FileName = "generation_config.json";

    /// <summary>Beginning of sequence, if named.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>Tokens that end a reply; empty where the file names none: config.json's count then.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>Padding, if named.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>Whether the checkpoint's authors sample by default.</summary>
    public bool Samples { get; init; }

    /// <summary>Divides the logits; null where the file has none. Positive.</summary>
    public double? Temperature { get; init; }

    /// <summary>Most candidates a token; null where the file has none, 0 for all.</summary>
    public int? TopK { get; init; }

    /// <summary>Smallest probability mass of the candidates, 0 to 1; null where the file has none.</summary>
    public double? TopP { get; init; }

    /// <summary>Reads the file of a folder, or null where there is none.</summary>
    /// <exception cref="InvalidFileException">A field is of the wrong type: every problem found.</exception>
    public static GenerationConfig? TryLoad(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            return null;
        using var document = JsonFile.ReadObject(path);
        var problems = new List<string>();
        var fields = new JsonFields(document.RootElement, problems);
        var config = new GenerationConfig
        {
            BosTokenId = fields.TokenIds("bos_token_id").Cast<int?>().FirstOrDefault(),
            EosTokenIds = fields.TokenIds("eos_token_id"),
            PadTokenId = fields.TokenIds("pad_token_id").Cast<int?>().FirstOrDefault(),
            Samples = fields.Boolean("do_sample", false),
            Temperature = fields.Find("temperature") is null ? null : fields.Positive("temperature"),
            TopK = fields.Find("top_k") is null ? null : fields.Integer("top_k", 0),
            TopP = fields.Find("top_p") is null ? null : fields.Positive("top_p"),
        };
        if (config.TopP > 1)
            problems.Add($"'top_p' is {config.TopP}; expected 0 to 1.");
        return problems.Count == 0 ? config : throw new InvalidFileException(path, problems);
    }
}
