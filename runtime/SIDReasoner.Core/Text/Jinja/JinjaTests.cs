namespace SIDReasoner.Core.Text.Jinja;

/// <summary>What may stand behind "is".</summary>
internal static class JinjaTests
{
    private static readonly Dictionary<string, Func<object?, JinjaArguments, bool>> s_tests = new(StringComparer.Ordinal)
    {
        ["defined"] = (value, _) => value is not JinjaUndefined,
        ["undefined"] = (value, _) => value is JinjaUndefined,
        ["none"] = (value, _) => value is null,
        ["string"] = (value, _) => value is string,
        ["mapping"] = (value, _) => value is JinjaDict,
        ["sequence"] = (value, _) => value is string or JinjaSequence or JinjaDict or JinjaUndefined,
        ["iterable"] = (value, _) => PythonValue.Elements(value) is not null,
        ["number"] = (value, _) => PythonValue.IsNumber(value),
        ["integer"] = (value, _) => value is long,
        ["float"] = (value, _) => value is double,
        ["boolean"] = (value, _) => value is bool,
        ["true"] = (value, _) => value is true,
        ["false"] = (value, _) => value is false,
        ["callable"] = (value, _) => value is JinjaCallable,
        ["odd"] = (value, a) => Integer(value, a) % 2 != 0,
        ["even"] = (value, a) => Integer(value, a) % 2 == 0,
        ["upper"] = (value, _) => PythonValue.ToText(value) is var text && text.Any(char.IsUpper) && !text.Any(char.IsLower),
        ["lower"] = (value, _) => PythonValue.ToText(value) is var text && text.Any(char.IsLower) && !text.Any(char.IsUpper),
    };

    private static readonly Dictionary<string, Func<object?, JinjaArguments, bool>> s_testsOfTwo = new(StringComparer.Ordinal)
    {
        ["divisibleby"] = (value, a) => a.TakeInteger("num", 0) is var by && by != 0 ? Integer(value, a) % by == 0 : throw a.Error("cannot divide by 0"),
        ["sameas"] = (value, a) => a.Take("other") is var other && (value is null or bool ? Equals(value, other) : ReferenceEquals(value, other)),
        ["in"] = (value, a) => a.Take("seq") is var seq ? PythonValue.Contains(seq, value) ?? throw a.Error($"cannot look into {PythonValue.TypeName(seq)}") : false,
        ["eq"] = (value, a) => PythonValue.AreEqual(value, a.Take("other")),
        ["ne"] = (value, a) => !PythonValue.AreEqual(value, a.Take("other")),
        ["lt"] = (value, a) => Order(value, a) < 0,
        ["le"] = (value, a) => Order(value, a) <= 0,
        ["gt"] = (value, a) => Order(value, a) > 0,
        ["ge"] = (value, a) => Order(value, a) >= 0,
    };

    private static readonly Dictionary<string, string> s_otherNames = new(StringComparer.Ordinal)
    {
        ["equalto"] = "eq",
        ["greaterthan"] = "gt",
        ["lessthan"] = "lt",
    };

    public static string Known { get; } = string.Join(", ", s_tests.Keys.Concat(s_testsOfTwo.Keys).Concat(s_otherNames.Keys).Order(StringComparer.Ordinal));

    public static bool IsKnown(string name) => s_tests.ContainsKey(name) || TakesArgument(name);

    public static bool TakesArgument(string name) => s_testsOfTwo.ContainsKey(s_otherNames.GetValueOrDefault(name, name));

    public static bool Apply(string name, object? value, JinjaArguments arguments)
    {
        string known = s_otherNames.GetValueOrDefault(name, name);
        bool result = s_tests.TryGetValue(known, out Func<object?, JinjaArguments, bool>? test) ? test(value, arguments) : s_testsOfTwo[known](value, arguments);
        arguments.End();
        return result;
    }

    private static long Integer(object? value, JinjaArguments arguments) => value switch
    {
        long number => number,
        bool truth => truth ? 1 : 0,
        _ => throw arguments.Error($"needs a whole number, got {PythonValue.TypeName(value)}"),
    };

    private static int Order(object? value, JinjaArguments arguments)
    {
        object? other = arguments.Take("other");
        return PythonValue.Compare(value, other) ?? throw arguments.Error($"cannot compare {PythonValue.TypeName(value)} with {PythonValue.TypeName(other)}");
    }
}
