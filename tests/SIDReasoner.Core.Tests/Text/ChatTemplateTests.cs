using System.Globalization;
using System.Text.Json;
using SIDReasoner.Core.Text;
using SIDReasoner.Core.Text.Jinja;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Core.Tests.Text;

public sealed class ChatTemplateTests
{
    private static readonly ChatMessage[] s_hello = [new("user", "Hi")];

    /// <summary>The cases of tests/golden/jinja, one row each.</summary>
    public static TheoryData<int> JinjaCases => [.. Enumerable.Range(0, JinjaLines.Length - 1)];

    private static string[] JinjaLines { get; } = File.ReadAllLines(Path.Combine(GoldenCases.RepositoryRoot(), "tests", "golden", "jinja", "cases.jsonl"));

    [Theory]
    [MemberData(nameof(JinjaCases))]
    public void Parse_JinjaCase_RendersAsJinja2(int number)
    {
        using JsonDocument last = JsonDocument.Parse(JinjaLines[^1]);
        using JsonDocument document = JsonDocument.Parse(JinjaLines[number]);
        string template = document.RootElement.GetProperty("template").GetString()!;
        Dictionary<string, object?> variables = last.RootElement.GetProperty("variables").EnumerateObject().ToDictionary(p => p.Name, p => JinjaJson.Read(p.Value));

        if (document.RootElement.TryGetProperty("error", out _))
            Assert.Throws<ChatTemplateException>(() => JinjaTemplate.Parse(template, "case").Render(variables, TimeProvider.System));
        else
            Assert.Equal(document.RootElement.GetProperty("text").GetString(), JinjaTemplate.Parse(template, "case").Render(variables, TimeProvider.System));
    }

    [Theory]
    [InlineData("a\n  {{ x | nosuch }}", 2, 10, "unknown filter 'nosuch'")]
    [InlineData("{% include 'x' %}", 1, 4, "unknown statement 'include'")]
    [InlineData("{{ x is nosuch }}", 1, 9, "unknown test 'nosuch'")]
    [InlineData("{{ f(*x) }}", 1, 6, "spread")]
    [InlineData("{% for x in y recursive %}{% endfor %}", 1, 15, "recursive")]
    [InlineData("{% if a %}\n{% if b %}{% endif %}", 2, 22, "endif")]
    public void Parse_UnknownConstruct_NamesItAndItsPlace(string template, int line, int column, string expected)
    {
        var error = Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(template, name: "t.jinja"));

        Assert.Equal((line, column), (error.Line, error.Column));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("Chat template 't.jinja'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_TemplateRaises_GivesItsWords()
    {
        ChatTemplate template = ChatTemplate.Parse("{% if messages[0].role != 'system' %}\n{{ raise_exception('A system turn comes first') }}{% endif %}");

        var error = Assert.Throws<ChatTemplateException>(() => template.Render(s_hello));

        Assert.Contains("refuses this conversation: A system turn comes first", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, error.Line);
    }

    [Fact]
    public void Render_DeepNestingAndEndlessMacro_AreRefusedNotOverflown()
    {
        string nested = "{{ " + new string('(', 5000) + "1" + new string(')', 5000) + " }}";
        string blocks = string.Concat(Enumerable.Repeat("{% if true %}", 5000)) + string.Concat(Enumerable.Repeat("{% endif %}", 5000));
        ChatTemplate endless = ChatTemplate.Parse("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}");

        Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(nested));
        Assert.Throws<ChatTemplateException>(() => ChatTemplate.Parse(blocks));
        Assert.Throws<ChatTemplateException>(() => endless.Render(s_hello));
    }

    [Fact]
    public void Render_SpecialTokensToolsAndVariables_AreSeen()
    {
        ChatTemplate template = ChatTemplate.Parse(
            "{{ bos_token }}{{ tools | tojson }}{{ extra }}{{ enable_thinking is defined }}{{ messages[0].name }}", new Dictionary<string, string> { ["bos_token"] = "<s>" });
        using JsonDocument json = JsonDocument.Parse("""{"tool":{"name":"f"},"message":{"role":"user","content":"x","name":"Ann"},"extra":7}""");
        var options = new ChatTemplateOptions
        {
            Tools = [json.RootElement.GetProperty("tool")],
            Variables = new Dictionary<string, JsonElement> { ["extra"] = json.RootElement.GetProperty("extra") },
        };

        string text = template.Render([ChatMessage.FromJson(json.RootElement.GetProperty("message"))], options);

        Assert.Equal("""<s>[{"name": "f"}]7FalseAnn""", text);
    }

    [Fact]
    public void Render_StrftimeNow_ReadsTheGivenClock()
    {
        ChatTemplate template = ChatTemplate.Parse("{{ strftime_now('%d %b %Y, %-d.%-m. %H:%M %p %%') }}");

        string text = template.Render(s_hello, new ChatTemplateOptions { Clock = new StoppedClock(new DateTimeOffset(2026, 3, 4, 15, 6, 7, TimeSpan.Zero)) });

        Assert.Equal("04 Mar 2026, 4.3. 15:06 PM %", text);
    }

    [Fact]
    public void Render_ContinueAMessageTheTemplateTrims_EndsWithoutItsBlanks()
    {
        ChatTemplate trimming = ChatTemplate.Parse("{% for m in messages %}[{{ m.content | trim }}]{% endfor %}");
        ChatTemplate dropping = ChatTemplate.Parse("{% for m in messages[:-1] %}[{{ m.content }}]{% endfor %}");
        ChatMessage[] messages = [new("user", "Hi"), new("assistant", "Well \n")];

        Assert.Equal("[Hi][Well", trimming.Render(messages, new ChatTemplateOptions { ContinueFinalMessage = true }));
        Assert.Throws<SidReasonerException>(() => dropping.Render(messages, new ChatTemplateOptions { ContinueFinalMessage = true }));
    }

    [Fact]
    public void Load_JinjaFileBesideConfig_TakesTheFileAndTheConfigsTokens()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("tokenizer_config.json"), """{"chat_template":"old","bos_token":{"content":"<s>"},"eos_token":null}""");
        File.WriteAllText(folder.File("chat_template.jinja"), "{{ bos_token }}new{{ eos_token is defined }}");

        Assert.True(ChatTemplate.Exists(folder.Root));
        Assert.Equal("<s>newFalse", ChatTemplate.Load(folder.Root).Render(s_hello));
    }

    [Fact]
    public void Load_SeveralTemplates_TakesDefaultAndToolUse()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("tokenizer_config.json"), """{"chat_template":[{"name":"default","template":"a"},{"name":"tool_use","template":"b"}]}""");
        using JsonDocument tool = JsonDocument.Parse("{}");

        ChatTemplate template = ChatTemplate.Load(folder.Root);

        Assert.Equal("a", template.Render(s_hello));
        Assert.Equal("b", template.Render(s_hello, new ChatTemplateOptions { Tools = [tool.RootElement] }));
    }

    [Theory]
    [InlineData("{}", "no chat template")]
    [InlineData("""{"chat_template":[{"name":"rag","template":"a"}]}""", "expected one named \"default\"")]
    [InlineData("""{"chat_template":5}""", "is a number; expected a string")]
    public void Load_NoUsableTemplate_SaysWhatIsThere(string config, string expected)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("tokenizer_config.json"), config);

        var error = Assert.ThrowsAny<SidReasonerException>(() => ChatTemplate.Load(folder.Root));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[]""", "expected an object")]
    [InlineData("""{"content":"x"}""", "no \"role\"")]
    [InlineData("""{"role":"user"}""", "no \"content\"")]
    [InlineData("""{"role":"user","content":[1]}""", "is an array; expected a string")]
    public void FromJson_BadMessage_SaysWhatIsMissing(string json, string expected)
    {
        using JsonDocument document = JsonDocument.Parse(json);

        var error = Assert.Throws<SidReasonerException>(() => ChatMessage.FromJson(document.RootElement));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_UnderAnotherCulture_StaysTheSame()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("tr-TR");

            Assert.Equal("1.5 IX 04", ChatTemplate.Parse("{{ 1.5 }} {{ 'ix' | upper }} {{ strftime_now('%d') }}").Render(
                s_hello, new ChatTemplateOptions { Clock = new StoppedClock(new DateTimeOffset(2026, 3, 4, 0, 0, 0, TimeSpan.Zero)) }));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private sealed class StoppedClock(DateTimeOffset now) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => now;
    }
}
