namespace SIDReasoner.Core.Text.Jinja;

/// <summary>+ - * / // % ** and ~ under Python's rules.</summary>
internal static class JinjaArithmetic
{
    private const int MaxRepeated = 1 << 20;

    public static object? Compute(string sign, object? left, object? right, Func<string, ChatTemplateException> error)
    {
        switch (sign, left, right)
        {
            case ("~", _, _):
                return PythonValue.ToText(left) + PythonValue.ToText(right);
            case ("+", string a, string b):
                return a + b;
            case ("+", JinjaSequence a, JinjaSequence b) when a.IsTuple == b.IsTuple:
                return new JinjaSequence([.. a.Items, .. b.Items], a.IsTuple);
            case ("*", string text, long times):
                return Repeat(text, times);
            case ("*", long times, string text):
                return Repeat(text, times);
            case ("%", string, _):
                throw error("formatting a string by '%' is not supported; use '~'.");
        }

        if (!PythonValue.IsNumber(left) || !PythonValue.IsNumber(right))
            throw error($"'{sign}' cannot take {PythonValue.TypeName(left)} and {PythonValue.TypeName(right)}.");
        try
        {
            return left is double || right is double || sign == "/"
                ? OfFloats(sign, PythonValue.Number(left), PythonValue.Number(right))
                : OfIntegers(sign, PythonValue.Integer(left), PythonValue.Integer(right));
        }
        catch (DivideByZeroException)
        {
            throw error($"'{sign}' divides by 0.");
        }
        catch (OverflowException)
        {
            throw error($"'{sign}' gives a number of more than 64 bits.");
        }

        string Repeat(string text, long times) => times <= 0 ? ""
            : times * text.Length <= MaxRepeated ? string.Concat(Enumerable.Repeat(text, (int)times))
            : throw error($"'*' would make a string of {times} times {text.Length}; expected at most {MaxRepeated}.");
    }

    private static object OfIntegers(string sign, long a, long b) => sign switch
    {
        "+" => (object)checked(a + b),
        "-" => checked(a - b),
        "*" => checked(a * b),
        "//" => checked(a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1L : 0L),
        "%" => a % b is var rest && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest,
        _ => b >= 0 ? (object)Power(a, b) : Math.Pow(a, b),
    };

    private static long Power(long a, long b)
    {
        long result = 1;
        for (long i = 0; i < b; i++)
        {
            if (a is 0 or 1 or -1 && i >= 2)
                return a == -1 && b % 2 == 0 ? 1 : a;
            result = checked(result * a);
        }

        return result;
    }

    private static double OfFloats(string sign, double a, double b) => sign switch
    {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "**" => Math.Pow(a, b),
        _ when b == 0 => throw new DivideByZeroException(),
        "/" => a / b,
        "//" => Math.Floor(a / b),
        _ => a - (b * Math.Floor(a / b)),
    };
}
