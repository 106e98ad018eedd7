namespace SIDReasoner.Core.Text.Jinja;

/// <summary>What a token is.</summary>
internal enum JinjaTokenKind
{
    /// <summary>Text between tags.</summary>
    Data,

    /// <summary>The start of an expression to print.</summary>
    PrintBegin,

    /// <summary>Its end.</summary>
    PrintEnd,

    /// <summary>The start of a statement.</summary>
    BlockBegin,

    /// <summary>Its end.</summary>
    BlockEnd,

    /// <summary>A name or keyword.</summary>
    Name,

    /// <summary>A string literal, unescaped.</summary>
    String,

    /// <summary>A whole number; <see cref="JinjaToken.Value"/> is a long.</summary>
    Integer,

    /// <summary>A number with a point or exponent; <see cref="JinjaToken.Value"/> is a double.</summary>
    Float,

    /// <summary>An operator or bracket.</summary>
    Operator,

    /// <summary>The end of the template.</summary>
    End,
}

/// <summary>A piece of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text: data, name, unescaped string, operator.</param>
/// <param name="At">Its offset in the source.</param>
/// <param name="Value">A number's value.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Text, int At, object? Value = null)
{
    public bool Is(JinjaTokenKind kind, string text) => Kind == kind && Text == text;

    public bool IsName(string name) => Is(JinjaTokenKind.Name, name);

    public bool IsOperator(string text) => Is(JinjaTokenKind.Operator, text);

    public string Describe() => Kind switch
    {
        JinjaTokenKind.End => "the end of the template",
        JinjaTokenKind.Data => "text",
        JinjaTokenKind.PrintEnd => "'}}'",
        JinjaTokenKind.BlockEnd => "'%}'",
        JinjaTokenKind.PrintBegin => "'{{'",
        JinjaTokenKind.BlockBegin => "'{%'",
        JinjaTokenKind.String => $"the string '{Text}'",
        _ => $"'{Text}'",
    };
}
