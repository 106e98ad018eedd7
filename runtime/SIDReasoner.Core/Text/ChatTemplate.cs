using System.Text.Json;
using SIDReasoner.Core.Checkpoints;
using SIDReasoner.Core.Text.Jinja;

namespace SIDReasoner.Core.Text;

/// <summary>
/// A checkpoint's chat template: turns a conversation into the text that the model was trained on. The template is Jinja, rendered as
/// transformers renders it (trim_blocks, lstrip_blocks, loop controls, tojson, raise_exception, strftime_now, the generation tag);
/// whatever lies outside the subset that this program knows is refused with its name and place, when the template is read.
/// </summary>
/// <remarks>Immutable: one instance serves all threads.</remarks>
public sealed class ChatTemplate
{
    /// <summary>transformers' own mark, which some templates know by name.</summary>
    private const string ContinueTag = "CONTINUE_FINAL_MESSAGE_TAG ";

    private readonly JinjaTemplate _template;
    private readonly JinjaTemplate? _toolTemplate;
    private readonly IReadOnlyDictionary<string, string> _specialTokens;

    private ChatTemplate(string source, JinjaTemplate template, JinjaTemplate? toolTemplate, IReadOnlyDictionary<string, string> specialTokens)
    {
        Source = source;
        _template = template;
        _toolTemplate = toolTemplate;
        _specialTokens = specialTokens;
    }

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>Reads a template from its text.</summary>
    /// <param name="source">The Jinja text.</param>
    /// <param name="specialTokens">What the template sees as bos_token, eos_token and so on; null for none.</param>
    /// <param name="name">How errors call the template.</param>
    /// <returns>The template.</returns>
    /// <exception cref="ChatTemplateException">Bad syntax, or something that this program does not know.</exception>
    public static ChatTemplate Parse(string source, IReadOnlyDictionary<string, string>? specialTokens = null, string name = "chat_template")
    {
        ArgumentNullException.ThrowIfNull(source);
        return new ChatTemplate(source, JinjaTemplate.Parse(source, name), null, specialTokens ?? new Dictionary<string, string>());
    }

    /// <summary>Whether a checkpoint's folder brings a template.</summary>
    /// <param name="folder">A Hugging Face folder.</param>
    /// <returns>True where chat_template.jinja lies there or tokenizer_config.json has a chat_template.</returns>
    public static bool Exists(string folder) => FindTexts(folder).Default is not null;

    /// <summary>Reads a checkpoint's template: chat_template.jinja, else chat_template of tokenizer_config.json (of several the one named "default").</summary>
    /// <param name="folder">A Hugging Face folder.</param>
    /// <returns>The template, with the special tokens that tokenizer_config.json names.</returns>
    /// <exception cref="SidReasonerException">No template, or a file that cannot be read.</exception>
    /// <exception cref="ChatTemplateException">Bad syntax, or something that this program does not know.</exception>
    public static ChatTemplate Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        (string? text, string? toolText, string file, Dictionary<string, string> tokens) = FindTexts(folder);
        if (text is null)
        {
            throw new SidReasonerException(
                $"'{folder}' has no chat template: no chat_template.jinja, and no \"chat_template\" in tokenizer_config.json. Give the text as it stands (a prompt) instead of messages.");
        }

        JinjaTemplate? toolTemplate = toolText is null ? null : JinjaTemplate.Parse(toolText, $"{file}, tool_use");
        return new ChatTemplate(text, JinjaTemplate.Parse(text, file), toolTemplate, tokens);
    }

    /// <summary>Renders a conversation.</summary>
    /// <param name="messages">The turns, oldest first.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <returns>The text, control tokens written out; tokenise it as one piece, adding no tokens in front.</returns>
    /// <exception cref="ChatTemplateException">The template refuses the conversation, or fails on it.</exception>
    /// <exception cref="SidReasonerException">Options that exclude one another, or a last message that does not come out as it went in.</exception>
    public string Render(IReadOnlyList<ChatMessage> messages, ChatTemplateOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        options ??= new ChatTemplateOptions();
        if (!options.ContinueFinalMessage)
            return RenderAll(messages, options, tag: "");
        if (options.AddGenerationPrompt)
            throw new SidReasonerException("A conversation cannot both continue its last message and open a new turn; leave out one of ContinueFinalMessage and AddGenerationPrompt.");
        if (messages.Count == 0 || messages[^1].Content is not string last)
            throw new SidReasonerException("There is no last message with content to continue.");
        string text = RenderAll(messages, options, ContinueTag);
        string tag = ContinueTag.TrimEnd();
        int at = text.LastIndexOf(tag, StringComparison.Ordinal);
        if (at < 0 || !text.Contains(PythonText.Strip(last, null, start: true, end: true), StringComparison.Ordinal))
            throw new SidReasonerException("The chat template does not write the last message as it is, so there is nothing to continue; open a new turn instead.");
        bool keepsBlanks = text.AsSpan(at).StartsWith(ContinueTag, StringComparison.Ordinal);
        return keepsBlanks ? text[..at] : text[..PythonText.TrimmedEnd(text.AsSpan(0, at))];
    }

    private string RenderAll(IReadOnlyList<ChatMessage> messages, ChatTemplateOptions options, string tag)
    {
        var variables = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach ((string name, string token) in _specialTokens)
            variables[name] = token;
        foreach ((string name, JsonElement value) in options.Variables)
            variables[name] = JinjaJson.Read(value);
        if (options.EnableThinking is bool thinks)
            variables["enable_thinking"] = thinks;
        variables["messages"] = new JinjaSequence([.. messages.Select((message, i) => Message(message, i == messages.Count - 1 ? tag : ""))]);
        variables["tools"] = options.Tools is null ? null : new JinjaSequence([.. options.Tools.Select(JinjaJson.Read)]);
        variables["documents"] = null;
        variables["add_generation_prompt"] = options.AddGenerationPrompt;
        JinjaTemplate template = options.Tools is not null && _toolTemplate is not null ? _toolTemplate : _template;
        return template.Render(variables, options.Clock);
    }

    private static JinjaDict Message(ChatMessage message, string tag)
    {
        var fields = new JinjaDict { ["role"] = message.Role, ["content"] = message.Content is null ? null : message.Content + tag };
        if (message.ReasoningContent is not null)
            fields["reasoning_content"] = message.ReasoningContent;
        foreach ((string name, JsonElement value) in message.OtherFields)
            fields[name] = JinjaJson.Read(value);
        return fields;
    }

    private static (string? Default, string? ToolUse, string File, Dictionary<string, string> Tokens) FindTexts(string folder)
    {
        string configPath = Path.Combine(folder, "tokenizer_config.json");
        string jinjaPath = Path.Combine(folder, "chat_template.jinja");
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        (string? Default, string? ToolUse) texts = default;
        if (File.Exists(configPath))
        {
            using JsonDocument config = JsonFile.ReadObject(configPath);
            ReadTokens(config.RootElement, tokens);
            if (config.RootElement.TryGetProperty("chat_template", out JsonElement template))
                texts = ReadTemplates(template, configPath);
        }

        return File.Exists(jinjaPath)
            ? (System.Text.Encoding.UTF8.GetString(WithoutMark(JsonFile.ReadBytes(jinjaPath))), texts.ToolUse, jinjaPath, tokens)
            : (texts.Default, texts.ToolUse, configPath, tokens);
    }

    private static byte[] WithoutMark(byte[] bytes) => bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;

    private static (string? Default, string? ToolUse) ReadTemplates(JsonElement template, string path)
    {
        switch (template.ValueKind)
        {
            case JsonValueKind.String:
                return (template.GetString(), null);
            case JsonValueKind.Null:
                return default;
            case JsonValueKind.Array:
                var named = new Dictionary<string, string>(StringComparer.Ordinal);
                foreach (JsonElement entry in template.EnumerateArray())
                {
                    if (entry.ValueKind != JsonValueKind.Object || Text(entry, "name") is not string name || Text(entry, "template") is not string text)
                        throw new InvalidFileException(path, "an entry of \"chat_template\" has no \"name\" and \"template\", both strings.");
                    named[name] = text;
                }

                return named.TryGetValue("default", out string? standard)
                    ? (standard, named.GetValueOrDefault("tool_use"))
                    : throw new InvalidFileException(path, $"\"chat_template\" lists {named.Count} templates ({string.Join(", ", named.Keys)}); expected one named \"default\".");
            default:
                throw new InvalidFileException(path, $"\"chat_template\" is {JsonFile.Name(template.ValueKind)}; expected a string.");
        }
    }

    private static void ReadTokens(JsonElement config, Dictionary<string, string> tokens)
    {
        foreach (string name in (ReadOnlySpan<string>)["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"])
        {
            if (!config.TryGetProperty(name, out JsonElement value))
                continue;
            string? token = value.ValueKind == JsonValueKind.Object ? Text(value, "content") : Text(config, name);
            if (token is not null)
                tokens[name] = token;
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
