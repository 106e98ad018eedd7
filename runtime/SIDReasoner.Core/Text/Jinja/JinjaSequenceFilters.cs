namespace SIDReasoner.Core.Text.Jinja;

/// <summary>Filters over sequences: order, choice, and those that apply another filter or test to every element.</summary>
internal static class JinjaSequenceFilters
{
    public static object? Sort(object? value, JinjaArguments arguments)
    {
        bool reverse = arguments.TakeTruth("reverse", false);
        bool caseSensitive = arguments.TakeTruth("case_sensitive", false);
        object? attribute = arguments.Take("attribute", null);
        IReadOnlyList<object?> items = JinjaFilters.Elements(value, arguments);
        return new JinjaSequence(Sorted(items, item => Key(item, attribute, caseSensitive, arguments), reverse, arguments));
    }

    public static object? DictSort(object? value, JinjaArguments arguments)
    {
        bool caseSensitive = arguments.TakeTruth("case_sensitive", false);
        string by = arguments.TakeText("by", "key")!;
        bool reverse = arguments.TakeTruth("reverse", false);
        if (value is not JinjaDict dict || by is not ("key" or "value"))
            throw arguments.Error($"needs a dict and 'key' or 'value', got {PythonValue.TypeName(value)} and '{by}'");
        int part = by == "key" ? 0 : 1;
        return new JinjaSequence(Sorted(
            JinjaMethods.Items(dict).Items, pair => Folded(((JinjaSequence)pair!).Items[part], caseSensitive), reverse, arguments));
    }

    public static object? Unique(object? value, JinjaArguments arguments)
    {
        bool caseSensitive = arguments.TakeTruth("case_sensitive", false);
        object? attribute = arguments.Take("attribute", null);
        var keys = new List<object?>();
        var kept = new List<object?>();
        foreach (object? item in JinjaFilters.Elements(value, arguments))
        {
            object? key = Key(item, attribute, caseSensitive, arguments);
            if (keys.Exists(other => PythonValue.AreEqual(other, key)))
                continue;
            keys.Add(key);
            kept.Add(item);
        }

        return new JinjaSequence(kept);
    }

    public static object? Sum(object? value, JinjaArguments arguments)
    {
        object? attribute = arguments.Take("attribute", null);
        object? total = arguments.Take("start", 0L);
        foreach (object? item in JinjaFilters.Elements(value, arguments))
        {
            object? term = attribute is null ? item : Attribute(item, attribute, arguments);
            total = (total, term) switch
            {
                (long a, long b) => (object)(a + b),
                _ when PythonValue.IsNumber(total) && PythonValue.IsNumber(term) => PythonValue.Number(total) + PythonValue.Number(term),
                _ => throw arguments.Error($"cannot add {PythonValue.TypeName(term)}"),
            };
        }

        return total;
    }

    public static object? Extreme(object? value, JinjaArguments arguments, int sign)
    {
        bool caseSensitive = arguments.TakeTruth("case_sensitive", false);
        object? attribute = arguments.Take("attribute", null);
        IReadOnlyList<object?> items = JinjaFilters.Elements(value, arguments);
        object? best = new JinjaUndefined("the extreme of nothing");
        for (int i = 0; i < items.Count; i++)
        {
            if (i == 0 || sign * Order(Key(items[i], attribute, caseSensitive, arguments), Key(best, attribute, caseSensitive, arguments), arguments) > 0)
                best = items[i];
        }

        return best;
    }

    /// <summary>map(attribute='name', default=..) or map('filter', ..).</summary>
    public static object? Map(object? value, JinjaArguments arguments)
    {
        IReadOnlyList<object?> items = JinjaFilters.Elements(value, arguments);
        if (arguments.TryTakeNamed("attribute", out object? attribute))
        {
            object? standard = arguments.Take("default", null);
            return new JinjaSequence([.. items.Select(item => Attribute(item, attribute, arguments) is var found && found is JinjaUndefined && standard is not null ? standard : found)]);
        }

        string filter = arguments.TakeText("filter");
        if (!JinjaFilters.IsKnown(filter))
            throw arguments.Error($"got the unknown filter '{filter}'; known: {JinjaFilters.Known}");
        IReadOnlyList<object?> filterArguments = arguments.TakeAll();
        return new JinjaSequence([.. items.Select(item => JinjaFilters.Apply(filter, item, arguments.For($"the filter '{filter}'", filterArguments)))]);
    }

    public static object? Select(object? value, JinjaArguments arguments, bool keeps, bool byAttribute)
    {
        object? attribute = byAttribute ? arguments.Take("attr") : null;
        string? test = arguments.TakeText("test", null);
        IReadOnlyList<object?> testArguments = arguments.TakeAll();
        if (test is not null && !JinjaTests.IsKnown(test))
            throw arguments.Error($"got the unknown test '{test}'; known: {JinjaTests.Known}");
        return new JinjaSequence([.. JinjaFilters.Elements(value, arguments).Where(item => Passes(attribute is null ? item : Attribute(item, attribute, arguments)) == keeps)]);

        bool Passes(object? item) => test is null ? PythonValue.IsTrue(item) : JinjaTests.Apply(test, item, arguments.For($"the test '{test}'", testArguments));
    }

    /// <summary>An attribute by name or number; a dotted name goes down step by step.</summary>
    public static object? Attribute(object? item, object? attribute, JinjaArguments arguments)
    {
        if (attribute is long place)
            return item is JinjaSequence sequence && place >= 0 && place < sequence.Items.Count ? sequence.Items[(int)place] : new JinjaUndefined($"element {place}");
        if (attribute is not string path)
            throw arguments.Error($"needs a name as attribute, got {PythonValue.TypeName(attribute)}");
        foreach (string name in path.Split('.'))
        {
            item = item switch
            {
                JinjaDict dict when dict.TryGet(name, out object? found) => found,
                JinjaNamespace space when space.Attributes.TryGetValue(name, out object? found) => found,
                JinjaSequence parts when int.TryParse(name, out int index) && index < parts.Items.Count => parts.Items[index],
                JinjaUndefined undefined => throw arguments.Error($"looks for '{name}' in {PythonValue.TypeName(undefined)}"),
                _ => new JinjaUndefined($"'{name}' of {PythonValue.TypeName(item)}"),
            };
        }

        return item;
    }

    private static object? Key(object? item, object? attribute, bool caseSensitive, JinjaArguments arguments) =>
        Folded(attribute is null ? item : Attribute(item, attribute, arguments), caseSensitive);

    private static object? Folded(object? value, bool caseSensitive) => value is string text && !caseSensitive ? text.ToLowerInvariant() : value;

    private static List<object?> Sorted(IReadOnlyList<object?> items, Func<object?, object?> key, bool reverse, JinjaArguments arguments)
    {
        Comparer<object?> order = Comparer<object?>.Create((a, b) => Order(a, b, arguments) * (reverse ? -1 : 1));
        return [.. items.OrderBy(key, order)];
    }

    private static int Order(object? left, object? right, JinjaArguments arguments) =>
        PythonValue.Compare(left, right) ?? throw arguments.Error($"cannot compare {PythonValue.TypeName(left)} with {PythonValue.TypeName(right)}");
}
