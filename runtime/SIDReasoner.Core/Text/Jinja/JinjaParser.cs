namespace SIDReasoner.Core.Text.Jinja;

/// <summary>Reads a template's expressions, in Jinja's own order of precedence; the other parts read calls, filters and tests, and statements.</summary>
internal sealed partial class JinjaParser
{
    private const int MaxDepth = 100;
    private static readonly HashSet<string> s_comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private readonly JinjaSource _source;
    private readonly List<JinjaToken> _tokens;
    private int _next;
    private int _depth;
    private int _loops;

    private JinjaParser(JinjaSource source)
    {
        _source = source;
        _tokens = JinjaLexer.Tokenize(source);
    }

    private JinjaToken Current => _tokens[_next];

    /// <summary>Reads a whole template.</summary>
    /// <exception cref="ChatTemplateException">Bad syntax, or a construct, filter or test that this program does not know.</exception>
    public static IReadOnlyList<JinjaStatement> Parse(JinjaSource source)
    {
        var parser = new JinjaParser(source);
        List<JinjaStatement> body = parser.Body([]);
        return body;
    }

    private JinjaExpression Expression(bool withConditional = true)
    {
        if (++_depth > MaxDepth)
            throw Error(Current.At, $"expressions are nested more than {MaxDepth} deep.");
        JinjaExpression value = withConditional ? Conditional() : Or();
        _depth--;
        return value;
    }

    private JinjaExpression Conditional()
    {
        JinjaExpression value = Or();
        while (Current.IsName("if"))
        {
            int at = Take().At;
            JinjaExpression condition = Or();
            JinjaExpression? otherwise = SkipName("else") ? Expression() : null;
            value = new JinjaConditional(at, condition, value, otherwise);
        }

        return value;
    }

    private JinjaExpression Or()
    {
        JinjaExpression left = And();
        while (Current.IsName("or"))
            left = new JinjaBinary(Take().At, "or", left, And());
        return left;
    }

    private JinjaExpression And()
    {
        JinjaExpression left = Not();
        while (Current.IsName("and"))
            left = new JinjaBinary(Take().At, "and", left, Not());
        return left;
    }

    private JinjaExpression Not() => Current.IsName("not") ? new JinjaUnary(Take().At, "not", Nested(Not)) : Compare();

    private JinjaExpression Compare()
    {
        JinjaExpression first = Sum();
        var rest = new List<(string, JinjaExpression)>();
        int at = Current.At;
        while (true)
        {
            if (Current.Kind == JinjaTokenKind.Operator && s_comparisons.Contains(Current.Text))
            {
                rest.Add((Take().Text, Sum()));
            }
            else if (SkipName("in"))
            {
                rest.Add(("in", Sum()));
            }
            else if (Current.IsName("not") && _tokens[_next + 1].IsName("in"))
            {
                _next += 2;
                rest.Add(("not in", Sum()));
            }
            else
            {
                return rest.Count == 0 ? first : new JinjaCompare(at, first, rest);
            }
        }
    }

    private JinjaExpression Sum()
    {
        JinjaExpression left = Concat();
        while (Current.IsOperator("+") || Current.IsOperator("-"))
        {
            JinjaToken sign = Take();
            left = new JinjaBinary(sign.At, sign.Text, left, Concat());
        }

        return left;
    }

    private JinjaExpression Concat()
    {
        JinjaExpression left = Product();
        while (Current.IsOperator("~"))
            left = new JinjaBinary(Take().At, "~", left, Product());
        return left;
    }

    private JinjaExpression Product()
    {
        JinjaExpression left = Power();
        while (Current.IsOperator("*") || Current.IsOperator("/") || Current.IsOperator("//") || Current.IsOperator("%"))
        {
            JinjaToken sign = Take();
            left = new JinjaBinary(sign.At, sign.Text, left, Power());
        }

        return left;
    }

    private JinjaExpression Power()
    {
        JinjaExpression left = Unary(withFilters: true);
        while (Current.IsOperator("**"))
            left = new JinjaBinary(Take().At, "**", left, Unary(withFilters: true));
        return left;
    }

    private JinjaExpression Unary(bool withFilters)
    {
        JinjaExpression value;
        if (Current.IsOperator("-") || Current.IsOperator("+"))
        {
            JinjaToken sign = Take();
            value = new JinjaUnary(sign.At, sign.Text, Nested(() => Unary(withFilters: false)));
        }
        else
        {
            value = Primary();
        }

        value = Postfix(value);
        return withFilters ? Filters(value) : value;
    }

    private JinjaExpression Primary()
    {
        JinjaToken token = Take();
        switch (token.Kind)
        {
            case JinjaTokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new JinjaLiteral(token.At, true),
                    "false" or "False" => new JinjaLiteral(token.At, false),
                    "none" or "None" => new JinjaLiteral(token.At, null),
                    _ => new JinjaName(token.At, token.Text),
                };
            case JinjaTokenKind.String:
                string text = token.Text;
                while (Current.Kind == JinjaTokenKind.String)
                    text += Take().Text;
                return new JinjaLiteral(token.At, text);
            case JinjaTokenKind.Integer or JinjaTokenKind.Float:
                return new JinjaLiteral(token.At, token.Value);
            case JinjaTokenKind.Operator when token.Text == "(":
                JinjaExpression inner = Tuple(inParentheses: true);
                Expect(")");
                return inner;
            case JinjaTokenKind.Operator when token.Text == "[":
                return new JinjaSequenceLiteral(token.At, List("]", () => Expression()), IsTuple: false);
            case JinjaTokenKind.Operator when token.Text == "{":
                return new JinjaDictLiteral(token.At, List("}", Pair));
            default:
                throw Error(token.At, $"expected an expression, found {token.Describe()}.");
        }
    }

    private (JinjaExpression Key, JinjaExpression Value) Pair()
    {
        JinjaExpression key = Expression();
        Expect(":");
        return (key, Expression());
    }

    private List<T> List<T>(string close, Func<T> element)
    {
        var items = new List<T>();
        while (!Current.IsOperator(close))
        {
            if (items.Count > 0)
                Expect(",");
            if (Current.IsOperator(close))
                break;
            items.Add(element());
        }

        Expect(close);
        return items;
    }

    private JinjaExpression Tuple(bool inParentheses = false, bool withConditional = true)
    {
        int at = Current.At;
        var items = new List<JinjaExpression>();
        bool isTuple = false;
        while (!IsTupleEnd())
        {
            items.Add(Expression(withConditional));
            if (!SkipOperator(","))
                break;
            isTuple = true;
        }

        if (isTuple || (items.Count == 0 && inParentheses))
            return new JinjaSequenceLiteral(at, items, IsTuple: true);
        return items.Count == 1 ? items[0] : throw Error(at, $"expected an expression, found {Current.Describe()}.");
    }

    private bool IsTupleEnd() =>
        Current.Kind is JinjaTokenKind.PrintEnd or JinjaTokenKind.BlockEnd or JinjaTokenKind.End || Current.IsOperator(")");

    private JinjaExpression Postfix(JinjaExpression value)
    {
        while (true)
        {
            JinjaToken token = Current;
            if (SkipOperator("."))
            {
                JinjaToken name = Take();
                value = name.Kind switch
                {
                    JinjaTokenKind.Name => new JinjaAttribute(token.At, value, name.Text),
                    JinjaTokenKind.Integer => new JinjaIndex(token.At, value, new JinjaLiteral(name.At, name.Value)),
                    _ => throw Error(name.At, $"expected a name or number behind '.', found {name.Describe()}."),
                };
            }
            else if (SkipOperator("["))
            {
                value = Subscript(value, token.At);
            }
            else if (Current.IsOperator("("))
            {
                value = new JinjaCall(token.At, value, Arguments());
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaExpression Subscript(JinjaExpression target, int at)
    {
        JinjaExpression? start = Current.IsOperator(":") ? null : Expression();
        if (!SkipOperator(":"))
        {
            Expect("]");
            return new JinjaIndex(at, target, start!);
        }

        JinjaExpression? stop = Current.IsOperator(":") || Current.IsOperator("]") ? null : Expression();
        JinjaExpression? step = SkipOperator(":") && !Current.IsOperator("]") ? Expression() : null;
        Expect("]");
        return new JinjaSlice(at, target, start, stop, step);
    }

    private JinjaExpression Nested(Func<JinjaExpression> read)
    {
        if (++_depth > MaxDepth)
            throw Error(Current.At, $"expressions are nested more than {MaxDepth} deep.");
        JinjaExpression value = read();
        _depth--;
        return value;
    }

    private JinjaToken Take() => Current.Kind == JinjaTokenKind.End ? Current : _tokens[_next++];

    private bool SkipName(string name)
    {
        bool found = Current.IsName(name);
        if (found)
            _next++;
        return found;
    }

    private bool SkipOperator(string text)
    {
        bool found = Current.IsOperator(text);
        if (found)
            _next++;
        return found;
    }

    private void Expect(string text)
    {
        if (!SkipOperator(text))
            throw Error(Current.At, $"expected '{text}', found {Current.Describe()}.");
    }

    private JinjaToken ExpectName(string what) =>
        Current.Kind == JinjaTokenKind.Name ? Take() : throw Error(Current.At, $"expected {what}, found {Current.Describe()}.");

    private ChatTemplateException Error(int at, string problem) => _source.Error(at, problem);
}
