using System.Globalization;

namespace SIDReasoner.Core.Text.Jinja;

/// <summary>What may stand behind "|". Filters that apply other filters and tests live in <see cref="JinjaSequenceFilters"/>.</summary>
internal static class JinjaFilters
{
    private static readonly Dictionary<string, Func<object?, JinjaArguments, object?>> s_filters = new(StringComparer.Ordinal)
    {
        ["trim"] = (value, a) => PythonText.Strip(Text(value, a), a.TakeText("chars", null), start: true, end: true),
        ["upper"] = (value, a) => Text(value, a).ToUpperInvariant(),
        ["lower"] = (value, a) => Text(value, a).ToLowerInvariant(),
        ["capitalize"] = (value, a) => PythonText.Capitalize(Text(value, a)),
        ["title"] = (value, a) => PythonText.Title(Text(value, a)),
        ["replace"] = (value, a) => JinjaMethods.Replace(Text(value, a), PythonValue.ToText(a.Take("old")), PythonValue.ToText(a.Take("new")), a.TakeInteger("count", -1)),
        ["string"] = (value, a) => Text(value, a),
        ["safe"] = (value, a) => Text(value, a),
        ["indent"] = Indent,
        ["wordcount"] = (value, a) => (long)PythonText.Split(Text(value, a), null, -1, fromEnd: false).Count,
        ["tojson"] = JinjaJson.Write,
        ["int"] = Integer,
        ["float"] = Float,
        ["abs"] = (value, a) => value switch
        {
            long number => (object)Math.Abs(number),
            double number => Math.Abs(number),
            bool truth => truth ? 1L : 0L,
            _ => throw a.Error($"needs a number, got {PythonValue.TypeName(value)}"),
        },
        ["round"] = Round,
        ["length"] = Length,
        ["count"] = Length,
        ["default"] = Default,
        ["d"] = Default,
        ["first"] = (value, a) => Elements(value, a) is { Count: > 0 } items ? items[0] : new JinjaUndefined("the first element of nothing"),
        ["last"] = (value, a) => Elements(value, a) is { Count: > 0 } items ? items[^1] : new JinjaUndefined("the last element of nothing"),
        ["list"] = (value, a) => new JinjaSequence([.. Elements(value, a)]),
        ["reverse"] = (value, a) => value is string text
            ? string.Concat(PythonText.CodePoints(text).AsEnumerable().Reverse())
            : new JinjaSequence([.. Elements(value, a).Reverse()]),
        ["items"] = (value, a) => value switch
        {
            JinjaDict dict => JinjaMethods.Items(dict),
            JinjaUndefined => new JinjaSequence([]),
            _ => throw a.Error($"needs a dict, got {PythonValue.TypeName(value)}"),
        },
        ["join"] = Join,
        ["sort"] = JinjaSequenceFilters.Sort,
        ["dictsort"] = JinjaSequenceFilters.DictSort,
        ["unique"] = JinjaSequenceFilters.Unique,
        ["sum"] = JinjaSequenceFilters.Sum,
        ["min"] = (value, a) => JinjaSequenceFilters.Extreme(value, a, -1),
        ["max"] = (value, a) => JinjaSequenceFilters.Extreme(value, a, 1),
        ["map"] = JinjaSequenceFilters.Map,
        ["select"] = (value, a) => JinjaSequenceFilters.Select(value, a, keeps: true, byAttribute: false),
        ["reject"] = (value, a) => JinjaSequenceFilters.Select(value, a, keeps: false, byAttribute: false),
        ["selectattr"] = (value, a) => JinjaSequenceFilters.Select(value, a, keeps: true, byAttribute: true),
        ["rejectattr"] = (value, a) => JinjaSequenceFilters.Select(value, a, keeps: false, byAttribute: true),
    };

    public static string Known { get; } = string.Join(", ", s_filters.Keys.Order(StringComparer.Ordinal));

    public static bool IsKnown(string name) => s_filters.ContainsKey(name);

    public static object? Apply(string name, object? value, JinjaArguments arguments)
    {
        if (value is JinjaUndefined && name is ("tojson" or "abs" or "round"))
            throw arguments.Error($"got {PythonValue.TypeName(value)}");
        object? result = s_filters[name](value, arguments);
        arguments.End();
        return result;
    }

    public static IReadOnlyList<object?> Elements(object? value, JinjaArguments arguments) =>
        PythonValue.Elements(value) ?? throw arguments.Error($"cannot loop over {PythonValue.TypeName(value)}");

    private static string Text(object? value, JinjaArguments arguments) =>
        value is JinjaCallable ? throw arguments.Error($"needs a value, got {PythonValue.TypeName(value)}") : PythonValue.ToText(value);

    private static object? Length(object? value, JinjaArguments arguments) => value switch
    {
        string text => (long)PythonText.Length(text),
        JinjaNamespace or JinjaCallable or JinjaLoop or null or bool or long or double => throw arguments.Error($"cannot count {PythonValue.TypeName(value)}"),
        _ => (long)PythonValue.Elements(value)!.Count,
    };

    private static object? Default(object? value, JinjaArguments arguments)
    {
        object? standard = arguments.Take("default_value", "");
        bool alsoFalse = arguments.TakeTruth("boolean", false);
        return value is JinjaUndefined || (alsoFalse && !PythonValue.IsTrue(value)) ? standard : value;
    }

    private static string Join(object? value, JinjaArguments arguments)
    {
        string separator = PythonValue.ToText(arguments.Take("d", ""));
        object? attribute = arguments.Take("attribute", null);
        IEnumerable<object?> items = Elements(value, arguments);
        if (attribute is not null)
            items = items.Select(item => JinjaSequenceFilters.Attribute(item, attribute, arguments));
        return string.Join(separator, items.Select(PythonValue.ToText));
    }

    private static string Indent(object? value, JinjaArguments arguments)
    {
        object? width = arguments.Take("width", 4L);
        bool first = arguments.TakeTruth("first", false);
        bool blank = arguments.TakeTruth("blank", false);
        string indent = width switch
        {
            long count => new string(' ', (int)Math.Clamp(count, 0, 1000)),
            string text => text,
            _ => throw arguments.Error($"needs a number or string as 'width', got {PythonValue.TypeName(width)}"),
        };
        string[] lines = (Text(value, arguments) + "\n").Split('\n');
        IEnumerable<string> indented = lines[..^1].Select((line, i) => (i > 0 || first) && (blank || line.Length > 0 || (i == 0 && first)) ? indent + line : line);
        return string.Join('\n', indented);
    }

    private static object? Integer(object? value, JinjaArguments arguments)
    {
        object? standard = arguments.Take("default", 0L);
        return value switch
        {
            long => value,
            bool truth => truth ? 1L : 0L,
            double number when Math.Abs(number) < 9e18 => (long)Math.Truncate(number),
            string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) => number,
            string text when double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && Math.Abs(number) < 9e18 => (long)Math.Truncate(number),
            _ => standard,
        };
    }

    private static object? Float(object? value, JinjaArguments arguments)
    {
        object? standard = arguments.Take("default", 0.0);
        return value switch
        {
            _ when PythonValue.IsNumber(value) => PythonValue.Number(value),
            string text when double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) => number,
            _ => standard,
        };
    }

    private static object? Round(object? value, JinjaArguments arguments)
    {
        long precision = arguments.TakeInteger("precision", 0);
        string method = arguments.TakeText("method", "common")!;
        if (!PythonValue.IsNumber(value) || precision is < 0 or > 15)
            throw arguments.Error($"needs a number and a precision from 0 to 15, got {PythonValue.TypeName(value)} and {precision}");
        double number = PythonValue.Number(value);
        double scale = Math.Pow(10, precision);
        return method switch
        {
            "common" when value is long => value,
            "common" => Math.Round(number, (int)precision, MidpointRounding.ToEven),
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            _ => throw arguments.Error($"knows the methods common, ceil and floor, got '{method}'"),
        };
    }
}
