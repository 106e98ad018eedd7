namespace SIDReasoner.Core.Text;

/// <summary>A chat template that cannot be read or rendered, with the place in the template; or a conversation that it refuses.</summary>
public sealed class ChatTemplateException : SidReasonerException
{
    /// <summary>Makes the error for one place.</summary>
    /// <param name="template">The template's name: the file it came from.</param>
    /// <param name="line">Line in the template, from 1.</param>
    /// <param name="column">Column in UTF-16 units, from 1.</param>
    /// <param name="problem">What was found and what was expected.</param>
    public ChatTemplateException(string template, int line, int column, string problem)
        : base($"Chat template '{template}', line {line}, column {column}: {problem}")
    {
        Template = template;
        Line = line;
        Column = column;
    }

    /// <summary>The template's name.</summary>
    public string Template { get; }

    /// <summary>Line in the template, from 1.</summary>
    public int Line { get; }

    /// <summary>Column in UTF-16 units, from 1.</summary>
    public int Column { get; }
}
