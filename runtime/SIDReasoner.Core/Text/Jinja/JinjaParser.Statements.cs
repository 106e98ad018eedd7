namespace SIDReasoner.Core.Text.Jinja;

/// <summary>Reads a template's statements.</summary>
internal sealed partial class JinjaParser
{
    private int _nesting;

    /// <summary>Statements up to one of the end tags, which stays unread but for its '{%'; without end tags up to the template's end.</summary>
    private List<JinjaStatement> Body(ReadOnlySpan<string> ends)
    {
        if (++_nesting > MaxDepth)
            throw Error(Current.At, $"statements are nested more than {MaxDepth} deep.");
        var body = new List<JinjaStatement>();
        while (true)
        {
            JinjaToken token = Take();
            switch (token.Kind)
            {
                case JinjaTokenKind.End:
                    if (ends.Length > 0)
                        throw Error(token.At, $"the template ends where '{{% {ends[^1]} %}}' is missing.");
                    _nesting--;
                    return body;
                case JinjaTokenKind.Data:
                    body.Add(new JinjaText(token.At, token.Text));
                    break;
                case JinjaTokenKind.PrintBegin:
                    body.Add(new JinjaPrint(token.At, Tuple()));
                    ExpectKind(JinjaTokenKind.PrintEnd);
                    break;
                default:
                    if (Current.Kind == JinjaTokenKind.Name && ends.Contains(Current.Text))
                    {
                        _nesting--;
                        return body;
                    }

                    body.Add(Statement());
                    break;
            }
        }
    }

    private JinjaStatement Statement()
    {
        JinjaToken name = ExpectName("a statement");
        switch (name.Text)
        {
            case "if":
                return If(name.At);
            case "for":
                return For(name.At);
            case "set":
                return Set(name.At);
            case "macro":
                return Macro(name.At);
            case "with":
                return With(name.At);
            case "generation":
                EndOfTag();
                return new JinjaScopeBlock(name.At, [], BodyUntil("endgeneration"));
            case "break" or "continue":
                if (_loops == 0)
                    throw Error(name.At, $"'{name.Text}' stands outside a loop.");
                EndOfTag();
                return new JinjaLoopControl(name.At, name.Text == "break");
            default:
                throw Error(name.At, $"unknown statement '{name.Text}'; known: if, for, set, macro, with, generation, break, continue, raw.");
        }
    }

    private JinjaIf If(int at)
    {
        var branches = new List<(JinjaExpression?, IReadOnlyList<JinjaStatement>)>();
        while (true)
        {
            JinjaExpression condition = Tuple(withConditional: false);
            EndOfTag();
            branches.Add((condition, Body(["elif", "else", "endif"])));
            JinjaToken next = Take();
            if (next.Text == "elif")
                continue;
            if (next.Text == "else")
            {
                EndOfTag();
                branches.Add((null, BodyUntil("endif")));
            }
            else
            {
                EndOfTag();
            }

            return new JinjaIf(at, branches);
        }
    }

    private JinjaFor For(int at)
    {
        JinjaTarget target = Target(allowsAttribute: false);
        if (!SkipName("in"))
            throw Error(Current.At, $"expected 'in', found {Current.Describe()}.");
        JinjaExpression items = Tuple(withConditional: false);
        JinjaExpression? filter = SkipName("if") ? Expression() : null;
        if (Current.IsName("recursive"))
            throw Error(Current.At, "a 'recursive' loop is not supported.");
        EndOfTag();
        _loops++;
        List<JinjaStatement> body = Body(["else", "endfor"]);
        _loops--;
        bool hasElse = Take().Text == "else";
        EndOfTag();
        return new JinjaFor(at, target, items, filter, body, hasElse ? BodyUntil("endfor") : []);
    }

    private JinjaStatement Set(int at)
    {
        JinjaTarget target = Target(allowsAttribute: true);
        if (SkipOperator("="))
        {
            JinjaExpression value = Tuple();
            EndOfTag();
            return new JinjaSet(at, target, value);
        }

        var filters = new List<(int, string, JinjaCallList)>();
        while (Current.IsOperator("|"))
            filters.Add(Filter());
        EndOfTag();
        return new JinjaSetBlock(at, target, filters, BodyUntil("endset"));
    }

    private JinjaMacro Macro(int at)
    {
        string name = ExpectName("a macro's name").Text;
        Expect("(");
        List<(string, JinjaExpression?)> parameters = List(")", Parameter);
        EndOfTag();
        int loops = _loops;
        _loops = 0;
        List<JinjaStatement> body = BodyUntil("endmacro");
        _loops = loops;
        return new JinjaMacro(at, name, parameters, body);
    }

    private (string Name, JinjaExpression? Default) Parameter()
    {
        string name = ExpectName("a parameter's name").Text;
        return (name, SkipOperator("=") ? Expression() : null);
    }

    private JinjaScopeBlock With(int at)
    {
        var values = new List<(JinjaTarget, JinjaExpression)>();
        while (Current.Kind != JinjaTokenKind.BlockEnd)
        {
            if (values.Count > 0)
                Expect(",");
            JinjaTarget target = Target(allowsAttribute: false);
            Expect("=");
            values.Add((target, Expression()));
        }

        EndOfTag();
        return new JinjaScopeBlock(at, values, BodyUntil("endwith"));
    }

    private JinjaTarget Target(bool allowsAttribute)
    {
        int at = Current.At;
        var parts = new List<JinjaTarget>();
        bool isTuple = false;
        do
        {
            if (Current.Kind != JinjaTokenKind.Name && !Current.IsOperator("("))
                break;
            if (parts.Count > 0 && Current.IsName("in"))
                break;
            parts.Add(OneTarget(allowsAttribute));
            isTuple |= Current.IsOperator(",");
        }
        while (SkipOperator(","));

        return parts.Count == 0 ? throw Error(at, $"expected a name to assign to, found {Current.Describe()}.")
            : isTuple ? new JinjaTarget(at, null, null, parts) : parts[0];
    }

    private JinjaTarget OneTarget(bool allowsAttribute)
    {
        int at = Current.At;
        if (SkipOperator("("))
        {
            JinjaTarget inner = Target(allowsAttribute: false);
            Expect(")");
            return inner;
        }

        string name = ExpectName("a name to assign to").Text;
        if (name is "true" or "false" or "none" or "True" or "False" or "None")
            throw Error(at, $"cannot assign to '{name}'.");
        string? attribute = allowsAttribute && SkipOperator(".") ? ExpectName("an attribute's name").Text : null;
        return new JinjaTarget(at, name, attribute, null);
    }

    private List<JinjaStatement> BodyUntil(string end)
    {
        List<JinjaStatement> body = Body([end]);
        Take();
        EndOfTag();
        return body;
    }

    private void EndOfTag() => ExpectKind(JinjaTokenKind.BlockEnd);

    private void ExpectKind(JinjaTokenKind kind)
    {
        if (Current.Kind != kind)
            throw Error(Current.At, $"expected {new JinjaToken(kind, "", 0).Describe()}, found {Current.Describe()}.");
        _next++;
    }
}
