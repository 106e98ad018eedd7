namespace SIDReasoner.Core.Text.Jinja;

/// <summary>Methods of strings and dictionaries, bound to their value.</summary>
internal static class JinjaMethods
{
    private static readonly Dictionary<string, Func<string, JinjaArguments, object?>> s_text = new(StringComparer.Ordinal)
    {
        ["startswith"] = (text, a) => AnyOf(a, part => text.StartsWith(part, StringComparison.Ordinal)),
        ["endswith"] = (text, a) => AnyOf(a, part => text.EndsWith(part, StringComparison.Ordinal)),
        ["strip"] = (text, a) => PythonText.Strip(text, a.TakeText("chars", null), start: true, end: true),
        ["lstrip"] = (text, a) => PythonText.Strip(text, a.TakeText("chars", null), start: true, end: false),
        ["rstrip"] = (text, a) => PythonText.Strip(text, a.TakeText("chars", null), start: false, end: true),
        ["split"] = (text, a) => Split(text, a, fromEnd: false),
        ["rsplit"] = (text, a) => Split(text, a, fromEnd: true),
        ["splitlines"] = (text, _) => JinjaSequence.Of(PythonText.Lines(text)),
        ["replace"] = (text, a) => Replace(text, a.TakeText("old"), a.TakeText("new"), a.TakeInteger("count", -1)),
        ["upper"] = (text, _) => text.ToUpperInvariant(),
        ["lower"] = (text, _) => text.ToLowerInvariant(),
        ["title"] = (text, _) => PythonText.Title(text),
        ["capitalize"] = (text, _) => PythonText.Capitalize(text),
        ["removeprefix"] = (text, a) => a.TakeText("prefix") is var part && text.StartsWith(part, StringComparison.Ordinal) ? text[part.Length..] : text,
        ["removesuffix"] = (text, a) => a.TakeText("suffix") is var part && text.EndsWith(part, StringComparison.Ordinal) ? text[..^part.Length] : text,
        ["find"] = (text, a) => Find(text, text.IndexOf(a.TakeText("sub"), StringComparison.Ordinal)),
        ["rfind"] = (text, a) => Find(text, text.LastIndexOf(a.TakeText("sub"), StringComparison.Ordinal)),
        ["count"] = (text, a) => Count(text, a.TakeText("sub")),
        ["join"] = (text, a) => Join(text, a),
        ["isdigit"] = (text, _) => text.Length > 0 && text.All(char.IsDigit),
        ["isnumeric"] = (text, _) => text.Length > 0 && text.All(char.IsNumber),
        ["isalpha"] = (text, _) => text.Length > 0 && text.All(char.IsLetter),
        ["isalnum"] = (text, _) => text.Length > 0 && text.All(char.IsLetterOrDigit),
        ["isspace"] = (text, _) => text.Length > 0 && PythonText.IsBlank(text),
        ["isupper"] = (text, _) => text.Any(char.IsUpper) && !text.Any(char.IsLower),
        ["islower"] = (text, _) => text.Any(char.IsLower) && !text.Any(char.IsUpper),
    };

    /// <summary>The method of a value, or null where it has none of this name that this program knows.</summary>
    public static JinjaCallable? Find(object? value, string name)
    {
        if (value is string text && s_text.TryGetValue(name, out Func<string, JinjaArguments, object?>? method))
            return Ending($"str.{name}", arguments => method(text, arguments));
        if (value is not JinjaDict dict)
            return null;
        return name switch
        {
            "get" => Ending("dict.get", a => dict.TryGet(a.Take("key"), out object? found) ? Dropping(a, found) : a.Take("default", null)),
            "keys" => Ending("dict.keys", _ => new JinjaSequence(dict.Keys)),
            "values" => Ending("dict.values", _ => new JinjaSequence([.. dict.Keys.Select(key => dict[key])])),
            "items" => Ending("dict.items", _ => Items(dict)),
            _ => null,
        };
    }

    /// <summary>The pairs of a dictionary.</summary>
    public static JinjaSequence Items(JinjaDict dict) => new([.. dict.Keys.Select(key => (object?)new JinjaSequence([key, dict[key]], IsTuple: true))]);

    /// <summary>str.replace.</summary>
    public static string Replace(string text, string old, string replacement, long most)
    {
        if (most < 0 && old.Length > 0)
            return text.Replace(old, replacement, StringComparison.Ordinal);
        if (old.Length > 0)
            return string.Join(replacement, PythonText.Split(text, old, most, fromEnd: false));
        List<string> points = PythonText.CodePoints(text);
        long places = most < 0 ? points.Count + 1 : Math.Min(most, points.Count + 1);
        return string.Concat(Enumerable.Range(0, points.Count + 1).Select(i => (i < places ? replacement : "") + (i < points.Count ? points[i] : "")));
    }

    private static JinjaCallable Ending(string name, Func<JinjaArguments, object?> invoke) => new(name, arguments =>
    {
        object? result = invoke(arguments);
        arguments.End();
        return result;
    });

    private static object? Dropping(JinjaArguments arguments, object? found)
    {
        arguments.Take("default", null);
        return found;
    }

    private static bool AnyOf(JinjaArguments arguments, Func<string, bool> matches)
    {
        object? part = arguments.Take("prefix");
        return part switch
        {
            string text => matches(text),
            JinjaSequence { IsTuple: true } parts when parts.Items.All(item => item is string) => parts.Items.Any(item => matches((string)item!)),
            _ => throw arguments.Error($"needs a string or a tuple of strings, got {PythonValue.TypeName(part)}"),
        };
    }

    private static JinjaSequence Split(string text, JinjaArguments arguments, bool fromEnd)
    {
        string? separator = arguments.TakeText("sep", null);
        if (separator is "")
            throw arguments.Error("needs a separator that is not empty");
        return JinjaSequence.Of(PythonText.Split(text, separator, arguments.TakeInteger("maxsplit", -1), fromEnd));
    }

    private static long Find(string text, int at) => at < 0 ? -1 : PythonText.Length(text[..at]);

    private static long Count(string text, string part) =>
        part.Length == 0 ? PythonText.Length(text) + 1 : PythonText.Split(text, part, -1, fromEnd: false).Count - 1;

    private static string Join(string separator, JinjaArguments arguments)
    {
        object? value = arguments.Take("iterable");
        IReadOnlyList<object?> items = PythonValue.Elements(value) ?? throw arguments.Error($"needs a list, got {PythonValue.TypeName(value)}");
        return items.All(item => item is string)
            ? string.Join(separator, items)
            : throw arguments.Error($"needs strings, got {PythonValue.TypeName(items.First(item => item is not string))}");
    }
}
