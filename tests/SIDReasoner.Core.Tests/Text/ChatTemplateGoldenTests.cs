using System.Text.Json;
using SIDReasoner.Core.Text;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Core.Tests.Text;

/// <summary>Chats as transformers renders them: golden/method/chat.jsonl with Qwen3's template, and SmolLM2's golden.json.</summary>
public sealed class ChatTemplateGoldenTests
{
    private const string ChatFile = "method/chat.jsonl";
    private const string SmolFolder = "models/smollm2-135m";

    /// <summary>Line numbers of the chats, one row each; one row 0 where the file is absent.</summary>
    public static TheoryData<int> Lines => Rows(Path.Combine(GoldenCases.Root, ChatFile), path => File.ReadLines(path).Count());

    /// <summary>Numbers of SmolLM2's conversations, from 1; one row 0 where the file is absent.</summary>
    public static TheoryData<int> Conversations => Rows(Path.Combine(GoldenCases.DataRoot, SmolFolder, "golden.json"), path =>
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.GetProperty("chat").GetArrayLength();
    });

    [SkippableTheory]
    [MemberData(nameof(Lines))]
    public void Render_ChatLine_GivesItsText(int line)
    {
        Skip.If(line == 0, $"'{ChatFile}' is not in '{GoldenCases.Root}'; set SIDR_GOLDEN.");
        ChatTemplate template = ChatTemplate.Load(GoldenCases.RequireData("tokenizer-qwen3"));
        using JsonDocument document = JsonDocument.Parse(File.ReadLines(Path.Combine(GoldenCases.Root, ChatFile)).ElementAt(line - 1));
        JsonElement root = document.RootElement;
        ChatMessage[] messages = [.. root.GetProperty("messages").EnumerateArray().Select(ChatMessage.FromJson)];

        if (root.TryGetProperty("error", out _))
        {
            Assert.Throws<SidReasonerException>(() => template.Render(messages, Options(root)));
            return;
        }

        string text = template.Render(messages, Options(root));
        string suffix = root.TryGetProperty("suffix", out JsonElement value) ? value.GetString()! : "";

        Assert.Equal(root.GetProperty("text").GetString(), text + suffix);
    }

    [SkippableTheory]
    [MemberData(nameof(Conversations))]
    public void Render_SmolConversation_GivesItsTextAndIds(int number)
    {
        Skip.If(number == 0, $"'{SmolFolder}/golden.json' is not in '{GoldenCases.DataRoot}'; set SIDR_DATA.");
        string folder = GoldenCases.RequireData(SmolFolder);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json")));
        JsonElement chat = document.RootElement.GetProperty("chat")[number - 1];
        ChatMessage[] messages = [.. chat.GetProperty("messages").EnumerateArray().Select(ChatMessage.FromJson)];

        string text = ChatTemplate.Load(folder).Render(messages, Options(chat));

        Assert.Equal(chat.GetProperty("text").GetString(), text);
        Assert.Equal(chat.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), TokenizerFolders.Load(folder).Encode(text));
    }

    private static ChatTemplateOptions Options(JsonElement line) => new()
    {
        AddGenerationPrompt = Flag(line, "add_generation_prompt") ?? false,
        EnableThinking = Flag(line, "enable_thinking"),
        ContinueFinalMessage = Flag(line, "continue_final_message") ?? false,
    };

    private static bool? Flag(JsonElement line, string name) => line.TryGetProperty(name, out JsonElement value) ? value.GetBoolean() : null;

    private static TheoryData<int> Rows(string path, Func<string, int> count)
    {
        int rows = File.Exists(path) ? count(path) : 0;
        return [.. rows == 0 ? [0] : Enumerable.Range(1, rows)];
    }
}
