namespace SIDReasoner.Core.Text.Jinja;

/// <summary>An expression of a template; <paramref name="At"/> is its offset in the source.</summary>
internal abstract record JinjaExpression(int At);

/// <summary>A literal.</summary>
internal sealed record JinjaLiteral(int At, object? Value) : JinjaExpression(At);

/// <summary>A variable.</summary>
internal sealed record JinjaName(int At, string Name) : JinjaExpression(At);

/// <summary>[a, b] or (a, b).</summary>
internal sealed record JinjaSequenceLiteral(int At, IReadOnlyList<JinjaExpression> Items, bool IsTuple) : JinjaExpression(At);

/// <summary>{key: value}.</summary>
internal sealed record JinjaDictLiteral(int At, IReadOnlyList<(JinjaExpression Key, JinjaExpression Value)> Items) : JinjaExpression(At);

/// <summary>target.name.</summary>
internal sealed record JinjaAttribute(int At, JinjaExpression Target, string Name) : JinjaExpression(At);

/// <summary>target[index].</summary>
internal sealed record JinjaIndex(int At, JinjaExpression Target, JinjaExpression Index) : JinjaExpression(At);

/// <summary>target[start:stop:step].</summary>
internal sealed record JinjaSlice(int At, JinjaExpression Target, JinjaExpression? Start, JinjaExpression? Stop, JinjaExpression? Step) : JinjaExpression(At);

/// <summary>What stands between the parentheses of a call, filter or test.</summary>
internal sealed record JinjaCallList(IReadOnlyList<JinjaExpression> Positional, IReadOnlyList<(string Name, JinjaExpression Value)> Named)
{
    public static JinjaCallList Empty { get; } = new([], []);
}

/// <summary>target(..).</summary>
internal sealed record JinjaCall(int At, JinjaExpression Target, JinjaCallList Arguments) : JinjaExpression(At);

/// <summary>value | name(..).</summary>
internal sealed record JinjaFilter(int At, JinjaExpression Value, string Name, JinjaCallList Arguments) : JinjaExpression(At);

/// <summary>value is name(..).</summary>
internal sealed record JinjaTest(int At, JinjaExpression Value, string Name, JinjaCallList Arguments) : JinjaExpression(At);

/// <summary>not, - or + before a value.</summary>
internal sealed record JinjaUnary(int At, string Operator, JinjaExpression Value) : JinjaExpression(At);

/// <summary>Arithmetic, and, or, ~.</summary>
internal sealed record JinjaBinary(int At, string Operator, JinjaExpression Left, JinjaExpression Right) : JinjaExpression(At);

/// <summary>a &lt; b &lt;= c: each comparison with its right side.</summary>
internal sealed record JinjaCompare(int At, JinjaExpression First, IReadOnlyList<(string Operator, JinjaExpression Value)> Rest) : JinjaExpression(At);

/// <summary>then if condition else otherwise.</summary>
internal sealed record JinjaConditional(int At, JinjaExpression Condition, JinjaExpression Then, JinjaExpression? Otherwise) : JinjaExpression(At);

/// <summary>A statement of a template.</summary>
internal abstract record JinjaStatement(int At);

/// <summary>Text between tags.</summary>
internal sealed record JinjaText(int At, string Text) : JinjaStatement(At);

/// <summary>{{ value }}.</summary>
internal sealed record JinjaPrint(int At, JinjaExpression Value) : JinjaStatement(At);

/// <summary>The branches of an if in order; a null condition is the else.</summary>
internal sealed record JinjaIf(int At, IReadOnlyList<(JinjaExpression? Condition, IReadOnlyList<JinjaStatement> Body)> Branches) : JinjaStatement(At);

/// <summary>A loop, its filter and what stands for no rounds.</summary>
internal sealed record JinjaFor(
    int At, JinjaTarget Target, JinjaExpression Items, JinjaExpression? Filter, IReadOnlyList<JinjaStatement> Body, IReadOnlyList<JinjaStatement> Else) : JinjaStatement(At);

/// <summary>set target = value.</summary>
internal sealed record JinjaSet(int At, JinjaTarget Target, JinjaExpression Value) : JinjaStatement(At);

/// <summary>set name .. endset: the text of the body, through filters.</summary>
internal sealed record JinjaSetBlock(int At, JinjaTarget Target, IReadOnlyList<(int At, string Name, JinjaCallList Arguments)> Filters, IReadOnlyList<JinjaStatement> Body)
    : JinjaStatement(At);

/// <summary>A macro.</summary>
internal sealed record JinjaMacro(int At, string Name, IReadOnlyList<(string Name, JinjaExpression? Default)> Parameters, IReadOnlyList<JinjaStatement> Body) : JinjaStatement(At);

/// <summary>A body in a scope of its own: with, and transformers' generation tag.</summary>
internal sealed record JinjaScopeBlock(int At, IReadOnlyList<(JinjaTarget Target, JinjaExpression Value)> Values, IReadOnlyList<JinjaStatement> Body) : JinjaStatement(At);

/// <summary>break or continue.</summary>
internal sealed record JinjaLoopControl(int At, bool IsBreak) : JinjaStatement(At);

/// <summary>What is assigned to: a name, an attribute of a namespace, or several names.</summary>
/// <param name="At">Offset in the source.</param>
/// <param name="Name">The name; null for several.</param>
/// <param name="Attribute">The namespace's attribute, or null.</param>
/// <param name="Parts">Several targets, or null.</param>
internal sealed record JinjaTarget(int At, string? Name, string? Attribute, IReadOnlyList<JinjaTarget>? Parts);
