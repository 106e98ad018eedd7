using SIDReasoner.Core.Bundles;

namespace SIDReasoner.Export.Bundles;

/// <summary>What to export, from where, to where.</summary>
public sealed record BundleExportOptions
{
    /// <summary>The Hugging Face folder.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The bundle's folder. Made whole or not at all; an older bundle there is replaced, anything else is refused.</summary>
    public required string Output { get; init; }

    /// <summary>Folder of the catalogue; null makes a bundle for text alone.</summary>
    public string? Catalog { get; init; }

    /// <summary>Most text tokens (C). Default: the checkpoint's own positions, at most 4,096.</summary>
    public int? Context { get; init; }

    /// <summary>Beams that always fit after a full context (W max), 1 to 1,024. Default null: 256, or as many as a search of 1,024 beams over this catalogue needs.</summary>
    public int? MaxBeams { get; init; }

    /// <summary>Forms of the weights to write, the default one first: <c>fp32</c>, <c>int8</c>, <c>int4</c>. Default <c>fp32</c> alone.</summary>
    public IReadOnlyList<string> Precisions { get; init; } = ["fp32"];

    /// <summary>
    /// JSON Lines of <c>{"text": ...}</c> or <c>{"prompt_ids": [...]}</c>, the first 256 of which say how large channels become before they are rounded. Null, the default, draws
    /// prompts from the catalogue; without catalogue, tokenizer or prompt.json no channel is folded then.
    /// </summary>
    public string? Calibration { get; init; }

    /// <summary>LoRA adapters by name, each a folder as peft saves it. None by default; with one, the graph's adapted layers get two more inputs each.</summary>
    public IReadOnlyDictionary<string, string> Adapters { get; init; } = new Dictionary<string, string>();

    /// <summary>Ids of newline and end of turn; null takes them from the tokenizer and prompt.json where these say it.</summary>
    public IReadOnlyList<int>? ReferenceEnd { get; init; }

    /// <summary>SID tokens of a checkpoint that does not name them itself; null takes them from sidreasoner.json or the tokenizer.</summary>
    public BundleSidTokens? SidTokens { get; init; }

    /// <summary>Most tokens of a SID where <see cref="SidTokens"/> are given without a catalogue. Default 4; 1 to 8.</summary>
    public int Levels { get; init; } = 4;
}
