namespace SIDReasoner.Core.Text.Jinja;

/// <summary>A template's text, with line ends and the last newline as Jinja sees them, and errors that name a place in it.</summary>
internal sealed class JinjaSource
{
    public JinjaSource(string name, string text)
    {
        Name = name;
        string unix = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        Text = unix.EndsWith('\n') ? unix[..^1] : unix;
    }

    public string Name { get; }

    public string Text { get; }

    /// <summary>An error at an offset of <see cref="Text"/>.</summary>
    public ChatTemplateException Error(int at, string problem)
    {
        int offset = Math.Clamp(at, 0, Text.Length);
        ReadOnlySpan<char> before = Text.AsSpan(0, offset);
        return new ChatTemplateException(Name, before.Count('\n') + 1, offset - before.LastIndexOf('\n'), problem);
    }
}
