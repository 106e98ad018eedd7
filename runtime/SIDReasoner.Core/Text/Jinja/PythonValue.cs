using System.Globalization;
using System.Text;

namespace SIDReasoner.Core.Text.Jinja;

/// <summary>
/// What a template computes with: null (None), bool, long, double, string, <see cref="JinjaSequence"/>, <see cref="JinjaDict"/>,
/// <see cref="JinjaNamespace"/>, <see cref="JinjaCallable"/>, <see cref="JinjaLoop"/> and <see cref="JinjaUndefined"/>, under Python's rules.
/// </summary>
internal static class PythonValue
{
    public static bool IsTrue(object? value) => value switch
    {
        null or JinjaUndefined => false,
        bool truth => truth,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        JinjaSequence sequence => sequence.Items.Count > 0,
        JinjaDict dict => dict.Count > 0,
        _ => true,
    };

    public static string TypeName(object? value) => value switch
    {
        null => "None",
        bool => "a bool",
        long => "an int",
        double => "a float",
        string => "a str",
        JinjaSequence { IsTuple: true } => "a tuple",
        JinjaSequence => "a list",
        JinjaDict => "a dict",
        JinjaNamespace => "a namespace",
        JinjaCallable => "a function",
        JinjaLoop => "a loop",
        JinjaUndefined undefined => $"{undefined.What}, which is undefined",
        _ => value.GetType().Name,
    };

    public static bool IsNumber(object? value) => value is long or double or bool;

    public static double Number(object? value) => value switch
    {
        bool truth => truth ? 1 : 0,
        long number => number,
        double number => number,
        _ => throw new InvalidOperationException("Not a number."),
    };

    /// <summary>A long or bool as a whole number.</summary>
    public static long Integer(object? value) => value is bool truth ? (truth ? 1 : 0) : (long)value!;

    public static bool AreEqual(object? left, object? right) => (left, right) switch
    {
        (null, null) => true,
        (JinjaUndefined, JinjaUndefined) => true,
        (string a, string b) => string.Equals(a, b, StringComparison.Ordinal),
        (long a, long b) => a == b,
        (JinjaSequence a, JinjaSequence b) => a.IsTuple == b.IsTuple && a.Items.Count == b.Items.Count && a.Items.Zip(b.Items).All(pair => AreEqual(pair.First, pair.Second)),
        (JinjaDict a, JinjaDict b) => a.Count == b.Count && a.Keys.All(key => b.TryGet(key, out object? other) && AreEqual(a[key], other)),
        _ when IsNumber(left) && IsNumber(right) => Number(left) == Number(right),
        _ => left is not null && ReferenceEquals(left, right),
    };

    /// <summary>Order, or null where Python refuses to compare.</summary>
    public static int? Compare(object? left, object? right)
    {
        switch (left, right)
        {
            case (string a, string b):
                return SemanticIds.CodePointComparer.Instance.Compare(a, b);
            case (long a, long b):
                return a.CompareTo(b);
            case (JinjaSequence a, JinjaSequence b):
                for (int i = 0; i < Math.Min(a.Items.Count, b.Items.Count); i++)
                {
                    if (!AreEqual(a.Items[i], b.Items[i]))
                        return Compare(a.Items[i], b.Items[i]);
                }

                return a.Items.Count.CompareTo(b.Items.Count);
            default:
                return IsNumber(left) && IsNumber(right) ? Number(left).CompareTo(Number(right)) : null;
        }
    }

    /// <summary>The elements of something that can be looped over, or null where it cannot.</summary>
    public static IReadOnlyList<object?>? Elements(object? value) => value switch
    {
        JinjaSequence sequence => sequence.Items,
        JinjaDict dict => dict.Keys,
        string text => PythonText.CodePoints(text),
        JinjaUndefined => [],
        _ => null,
    };

    /// <summary>Whether a container holds a value, or null where it is no container.</summary>
    public static bool? Contains(object? container, object? value) => container switch
    {
        string text => value is string part ? text.Contains(part, StringComparison.Ordinal) : null,
        JinjaSequence sequence => sequence.Items.Any(item => AreEqual(item, value)),
        JinjaDict dict => dict.TryGet(value, out _),
        JinjaUndefined => false,
        _ => null,
    };

    /// <summary>str(value): what printing shows.</summary>
    public static string ToText(object? value) => value switch
    {
        string text => text,
        JinjaUndefined => "",
        _ => Representation(value),
    };

    /// <summary>repr(value).</summary>
    public static string Representation(object? value)
    {
        var text = new StringBuilder();
        Append(text, value);
        return text.ToString();
    }

    /// <summary>A float as Python prints it: the shortest digits that give it back, exponents from 1e16 on and below 1e-4.</summary>
    public static string FloatText(double value)
    {
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        string scientific = value.ToString("E16", CultureInfo.InvariantCulture);
        int exponent = int.Parse(scientific[(scientific.IndexOf('E', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture);
        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        if (value != 0 && exponent is < -4 or >= 16)
        {
            string digits = Digits(shortest);
            string sign = value < 0 ? "-" : "";
            string mantissa = digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
            return string.Create(CultureInfo.InvariantCulture, $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
        }

        if (shortest.Contains('E', StringComparison.Ordinal))
            shortest = value.ToString("F" + Math.Max(1, Digits(shortest).Length - 1 - exponent), CultureInfo.InvariantCulture);
        return shortest.Contains('.', StringComparison.Ordinal) ? shortest : shortest + ".0";
    }

    private static string Digits(string number)
    {
        int end = number.IndexOf('E', StringComparison.Ordinal);
        string digits = string.Concat((end < 0 ? number : number[..end]).Where(char.IsAsciiDigit)).TrimStart('0').TrimEnd('0');
        return digits.Length == 0 ? "0" : digits;
    }

    private static void Append(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null:
                text.Append("None");
                break;
            case bool truth:
                text.Append(truth ? "True" : "False");
                break;
            case long number:
                text.Append(CultureInfo.InvariantCulture, $"{number}");
                break;
            case double number:
                text.Append(FloatText(number));
                break;
            case string quoted:
                AppendQuoted(text, quoted);
                break;
            case JinjaSequence sequence:
                text.Append(sequence.IsTuple ? '(' : '[');
                for (int i = 0; i < sequence.Items.Count; i++)
                {
                    text.Append(i > 0 ? ", " : "");
                    Append(text, sequence.Items[i]);
                }

                text.Append(sequence is { IsTuple: true, Items.Count: 1 } ? "," : "").Append(sequence.IsTuple ? ')' : ']');
                break;
            case JinjaDict dict:
                text.Append('{');
                for (int i = 0; i < dict.Count; i++)
                {
                    text.Append(i > 0 ? ", " : "");
                    Append(text, dict.Keys[i]);
                    text.Append(": ");
                    Append(text, dict[dict.Keys[i]]);
                }

                text.Append('}');
                break;
            case JinjaUndefined:
                text.Append("Undefined");
                break;
            default:
                text.Append('<').Append(TypeName(value)).Append('>');
                break;
        }
    }

    private static void AppendQuoted(StringBuilder text, string value)
    {
        char quote = value.Contains('\'', StringComparison.Ordinal) && !value.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        text.Append(quote);
        foreach (Rune rune in value.EnumerateRunes())
        {
            int code = rune.Value;
            if (code == quote || code == '\\')
                text.Append('\\').Append((char)code);
            else if (code is '\n' or '\r' or '\t')
                text.Append('\\').Append(code == '\n' ? 'n' : code == '\r' ? 'r' : 't');
            else if (IsPrintable(rune))
                text.Append(rune);
            else if (code < 0x100)
                text.Append(CultureInfo.InvariantCulture, $"\\x{code:x2}");
            else if (code < 0x10000)
                text.Append(CultureInfo.InvariantCulture, $"\\u{code:x4}");
            else
                text.Append(CultureInfo.InvariantCulture, $"\\U{code:x8}");
        }

        text.Append(quote);
    }

    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
