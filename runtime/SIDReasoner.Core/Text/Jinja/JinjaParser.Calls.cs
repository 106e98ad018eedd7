namespace SIDReasoner.Core.Text.Jinja;

/// <summary>Reads filters, tests and the arguments of calls.</summary>
internal sealed partial class JinjaParser
{
    private JinjaExpression Filters(JinjaExpression value)
    {
        while (true)
        {
            if (Current.IsOperator("|"))
            {
                (int at, string name, JinjaCallList arguments) = Filter();
                value = new JinjaFilter(at, value, name, arguments);
            }
            else if (Current.IsName("is"))
            {
                value = Test(value);
            }
            else if (Current.IsOperator("("))
            {
                value = new JinjaCall(Current.At, value, Arguments());
            }
            else
            {
                return value;
            }
        }
    }

    private (int At, string Name, JinjaCallList Arguments) Filter()
    {
        Expect("|");
        JinjaToken name = ExpectName("a filter's name");
        if (!JinjaFilters.IsKnown(name.Text))
            throw Error(name.At, $"unknown filter '{name.Text}'; known: {JinjaFilters.Known}.");
        return (name.At, name.Text, Current.IsOperator("(") ? Arguments() : JinjaCallList.Empty);
    }

    private JinjaExpression Test(JinjaExpression value)
    {
        int at = Take().At;
        bool negated = SkipName("not");
        JinjaToken name = ExpectName("a test's name");
        if (!JinjaTests.IsKnown(name.Text))
            throw Error(name.At, $"unknown test '{name.Text}'; known: {JinjaTests.Known}.");
        JinjaCallList arguments = JinjaCallList.Empty;
        if (Current.IsOperator("("))
        {
            arguments = Arguments();
        }
        else if ((Current.Kind is JinjaTokenKind.String or JinjaTokenKind.Integer or JinjaTokenKind.Float || Current.IsOperator("[") || Current.IsOperator("{"))
            || (Current.Kind == JinjaTokenKind.Name && Current.Text is not ("else" or "or" or "and")))
        {
            // A bare word is an argument only where the test takes one: "x is defined if y" leaves the "if" alone.
            if (JinjaTests.TakesArgument(name.Text))
                arguments = new JinjaCallList([Postfix(Primary())], []);
        }

        JinjaExpression test = new JinjaTest(at, value, name.Text, arguments);
        return negated ? new JinjaUnary(at, "not", test) : test;
    }

    private JinjaCallList Arguments()
    {
        Expect("(");
        var positional = new List<JinjaExpression>();
        var named = new List<(string, JinjaExpression)>();
        while (!Current.IsOperator(")"))
        {
            if (positional.Count + named.Count > 0)
            {
                Expect(",");
                if (Current.IsOperator(")"))
                    break;
            }

            if (Current.IsOperator("*") || Current.IsOperator("**"))
                throw Error(Current.At, $"arguments spread by '{Current.Text}' are not supported.");
            if (Current.Kind == JinjaTokenKind.Name && _tokens[_next + 1].IsOperator("="))
            {
                string name = Take().Text;
                Take();
                named.Add((name, Expression()));
            }
            else if (named.Count > 0)
            {
                throw Error(Current.At, "an argument without a name stands behind one with a name.");
            }
            else
            {
                positional.Add(Expression());
            }
        }

        Expect(")");
        return new JinjaCallList(positional, named);
    }
}
