using SIDReasoner.Core.Items;
using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.Core.Text;

/// <summary>How a checkpoint wants its prompts: <c>prompt.json</c>. The form: docs/formats/prompt.md.</summary>
/// <remarks>The SID's first token comes right after the prompt (after the thought, where there is one). Immutable; any number of threads.</remarks>
public sealed record PromptTemplate
{
    /// <summary>The file's name in a checkpoint or bundle folder.</summary>
    public const string FileName = "prompt.json";

    /// <summary>What the prompt is made of. Default <see cref="PromptKind.Text"/>.</summary>
    public PromptKind Kind { get; init; } = PromptKind.Text;

    /// <summary>The last so many items of a history are used, oldest first. Default 10; at least 1.</summary>
    public int HistoryMaxItems { get; init; } = 10;

    /// <summary>Window: the token before the history. Default <c>&lt;bos&gt;</c>.</summary>
    public string Bos { get; init; } = "<bos>";

    /// <summary>Text: the system message, <c>{system}</c> in the layout.</summary>
    public string System { get; init; } = "";

    /// <summary>Text: stands between items of a history. Default comma and blank.</summary>
    public string HistorySeparator { get; init; } = ", ";

    /// <summary>Text: an item of the history; <c>{sid}</c> and <c>{title}</c> are filled in.</summary>
    public string HistoryItem { get; init; } = "{sid}";

    /// <summary>Text: the question; <c>{history}</c> and <c>{last_title}</c> are filled in.</summary>
    public string User { get; init; } = "{history}";

    /// <summary>Text: the question where the model thinks first; null where it cannot.</summary>
    public string? UserThink { get; init; }

    /// <summary>Text: the whole prompt; <c>{system}</c> and <c>{user}</c> are filled in.</summary>
    public string Layout { get; init; } = "{user}";

    /// <summary>Text: follows the layout where nothing is thought.</summary>
    public string NoThinkBlock { get; init; } = "";

    /// <summary>Text: begins a thought, as the model writes it.</summary>
    public string ThinkOpen { get; init; } = "";

    /// <summary>Text: ends a thought; the SID follows.</summary>
    public string ThinkClose { get; init; } = "";

    /// <summary>Text: ends a reply.</summary>
    public string ReplyEnd { get; init; } = "";

    /// <summary>The tokens that the reference program scores after a SID (newline, end of turn), two, or none where unknown.</summary>
    public IReadOnlyList<int> ReferenceEnd { get; init; } = [];

    /// <summary>Whether the model can think before it answers.</summary>
    public bool CanThink => Kind == PromptKind.Text && UserThink is not null && ThinkClose.Length > 0;

    /// <summary>Reads a prompt.json.</summary>
    /// <param name="path">The file, or a folder that holds it.</param>
    /// <exception cref="InvalidFileException">A field is missing or wrong: every problem found.</exception>
    /// <exception cref="SidReasonerException">The file is missing or cannot be read.</exception>
    public static PromptTemplate Load(string path) =>
        PromptTemplateJson.Load(Directory.Exists(path) ? Path.Combine(path, FileName) : path);

    /// <summary>Reads the prompt.json of a folder, or null where there is none.</summary>
    /// <exception cref="InvalidFileException">As <see cref="Load"/>.</exception>
    public static PromptTemplate? TryLoad(string folder) =>
        File.Exists(Path.Combine(folder, FileName)) ? Load(folder) : null;

    /// <summary>Writes prompt.json into a folder.</summary>
    /// <exception cref="SidReasonerException">The file cannot be written.</exception>
    public void Save(string folder) => PromptTemplateJson.Save(this, Path.Combine(folder, FileName));

    /// <summary>The token ids of a prompt.</summary>
    /// <param name="history">Oldest first; the last <see cref="HistoryMaxItems"/> are used. Not empty.</param>
    /// <param name="vocabulary">Spells the SIDs of a window.</param>
    /// <param name="tokenizer">Spells the text, or names the window's first token.</param>
    /// <param name="thinks">Asks for a thought first: the prompt ends where the model's thought begins.</param>
    /// <exception cref="SidReasonerException">The history is empty, a token is unknown, or the model cannot think.</exception>
    public int[] Build(IReadOnlyList<Item> history, SidVocabulary vocabulary, ByteLevelBpeTokenizer tokenizer, bool thinks = false)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (Kind == PromptKind.Text)
            return tokenizer.Encode(BuildText(history, thinks));
        var window = new List<int> { tokenizer.TokenId(Bos) };
        foreach (var item in Recent(history, thinks))
            window.AddRange(vocabulary.Encode(item.Sid));
        return [.. window];
    }

    /// <summary>The text of a prompt of kind <see cref="PromptKind.Text"/>.</summary>
    /// <exception cref="SidReasonerException">The history is empty, or the model cannot think.</exception>
    /// <exception cref="InvalidOperationException">A window has no text.</exception>
    public string BuildText(IReadOnlyList<Item> history, bool thinks = false)
    {
        if (Kind != PromptKind.Text)
            throw new InvalidOperationException("A window prompt has no text.");
        var recent = Recent(history, thinks);
        var joined = string.Join(HistorySeparator, recent.Select(item => Placeholders.Fill(HistoryItem, ("sid", item.Sid.ToString()), ("title", item.Title))));
        var user = Placeholders.Fill(thinks ? UserThink! : User, ("history", joined), ("last_title", recent[^1].Title));
        return Placeholders.Fill(Layout, ("system", System), ("user", user)) + (thinks ? "" : NoThinkBlock);
    }

    private List<Item> Recent(IReadOnlyList<Item> history, bool thinks)
    {
        ArgumentNullException.ThrowIfNull(history);
        if (history.Count == 0)
            throw new SidReasonerException("The history is empty; expected at least one item.");
        if (thinks && !CanThink)
            throw new SidReasonerException($"This model cannot think: its {FileName} has no 'user_think' with 'think_close'. Leave thinking out.");
        return [.. history.Skip(history.Count - HistoryMaxItems)];
    }
}
