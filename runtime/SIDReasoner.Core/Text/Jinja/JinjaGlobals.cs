using System.Globalization;
using System.Text;

namespace SIDReasoner.Core.Text.Jinja;

/// <summary>The functions that every template has: Jinja's own, and the two that transformers adds.</summary>
internal static class JinjaGlobals
{
    /// <summary>Jinja's sandbox has the same limit.</summary>
    private const long MaxRange = 100_000;

    private static readonly Dictionary<string, Func<JinjaArguments, TimeProvider, object?>> s_functions = new(StringComparer.Ordinal)
    {
        ["range"] = (arguments, _) => Range(arguments),
        ["dict"] = (arguments, _) => Dict(arguments),
        ["namespace"] = (arguments, _) => Namespace(arguments),
        ["raise_exception"] = (arguments, _) => throw arguments.Refusal(PythonValue.ToText(arguments.Take("message"))),
        ["strftime_now"] = Now,
    };

    public static string Known { get; } = string.Join(", ", s_functions.Keys.Order(StringComparer.Ordinal));

    public static JinjaCallable? Find(string name, TimeProvider clock) =>
        s_functions.TryGetValue(name, out Func<JinjaArguments, TimeProvider, object?>? function) ? new JinjaCallable(name, arguments => function(arguments, clock)) : null;

    private static JinjaSequence Range(JinjaArguments arguments)
    {
        long first = arguments.TakeInteger("start", 0);
        bool hasStop = arguments.TryTake("stop", out object? stopValue);
        long start = hasStop ? first : 0;
        long stop = !hasStop ? first : stopValue is long number ? number : throw arguments.Error($"needs whole numbers, got {PythonValue.TypeName(stopValue)}");
        long step = arguments.TakeInteger("step", 1);
        arguments.End();
        if (step == 0)
            throw arguments.Error("cannot step by 0");
        long count = step > 0 ? Math.Max(0, (stop - start + step - 1) / step) : Math.Max(0, (start - stop - step - 1) / -step);
        if (count > MaxRange)
            throw arguments.Error($"would have {count} elements; expected at most {MaxRange}");
        var items = new object?[count];
        for (int i = 0; i < items.Length; i++)
            items[i] = start + (i * step);
        return new JinjaSequence(items);
    }

    private static JinjaDict Dict(JinjaArguments arguments)
    {
        var dict = new JinjaDict();
        foreach ((string name, object? value) in TakePairs(arguments))
            dict[name] = value;
        return dict;
    }

    private static JinjaNamespace Namespace(JinjaArguments arguments)
    {
        var space = new JinjaNamespace();
        foreach ((string name, object? value) in TakePairs(arguments))
            space.Attributes[name] = value;
        return space;
    }

    private static IEnumerable<(string Name, object? Value)> TakePairs(JinjaArguments arguments)
    {
        IReadOnlyList<object?> positional = arguments.TakeAll();
        IReadOnlyList<(string, object?)> named = arguments.TakeNamed();
        if (positional.Count == 0)
            return named;
        return positional is [JinjaDict dict]
            ? [.. dict.Keys.Select(key => (PythonValue.ToText(key), dict[key])), .. named]
            : throw arguments.Error("needs names with values, or one dict");
    }

    private static string Now(JinjaArguments arguments, TimeProvider clock)
    {
        string format = arguments.TakeText("format");
        arguments.End();
        DateTimeOffset now = clock.GetLocalNow();
        var text = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }

            bool unpadded = i + 1 < format.Length && format[i + 1] == '-';
            i += unpadded ? 2 : 1;
            text.Append(Field(i < format.Length ? format[i] : ' ', unpadded, now) ?? throw arguments.Error($"does not know the field at {i} of '{format}'; known: a A b B d H I j m M p S y Y Z z F T %"));
        }

        return text.ToString();
    }

    private static string? Field(char field, bool unpadded, DateTimeOffset now)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        return field switch
        {
            'a' => now.ToString("ddd", plain),
            'A' => now.ToString("dddd", plain),
            'b' or 'h' => now.ToString("MMM", plain),
            'B' => now.ToString("MMMM", plain),
            'd' => Digits(now.Day, 2),
            'H' => Digits(now.Hour, 2),
            'I' => Digits(((now.Hour + 11) % 12) + 1, 2),
            'j' => Digits(now.DayOfYear, 3),
            'm' => Digits(now.Month, 2),
            'M' => Digits(now.Minute, 2),
            'p' => now.Hour < 12 ? "AM" : "PM",
            'S' => Digits(now.Second, 2),
            'y' => Digits(now.Year % 100, 2),
            'Y' => now.Year.ToString("0000", plain),
            // Python's now() carries no zone, so both are empty there.
            'Z' or 'z' => "",
            'F' => now.ToString("yyyy-MM-dd", plain),
            'T' => now.ToString("HH:mm:ss", plain),
            '%' => "%",
            _ => null,
        };

        string Digits(int value, int width) => value.ToString(unpadded ? "0" : new string('0', width), plain);
    }
}
