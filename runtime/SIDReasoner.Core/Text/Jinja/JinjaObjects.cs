namespace SIDReasoner.Core.Text.Jinja;

/// <summary>A name or attribute that does not exist: false, empty, printed as nothing; anything else done with it is an error.</summary>
/// <param name="What">How an error speaks of it: "'x'" or "'y' of a str".</param>
internal sealed record JinjaUndefined(string What);

/// <summary>A list, or a tuple where parentheses made it.</summary>
/// <param name="Items">The elements; never changed once made.</param>
/// <param name="IsTuple">Whether it prints with parentheses.</param>
internal sealed record JinjaSequence(IReadOnlyList<object?> Items, bool IsTuple = false)
{
    public static JinjaSequence Of(IEnumerable<string> texts) => new([.. texts]);
}

/// <summary>A dictionary in order of insertion; keys compare as Python's do (1, 1.0 and true are one key).</summary>
internal sealed class JinjaDict
{
    private readonly List<object?> _keys = [];
    private readonly Dictionary<object, object?> _values = [];

    public IReadOnlyList<object?> Keys => _keys;

    public int Count => _keys.Count;

    public object? this[object? key]
    {
        get => _values[Canonical(key)];
        set
        {
            if (!_values.ContainsKey(Canonical(key)))
                _keys.Add(key);
            _values[Canonical(key)] = value;
        }
    }

    public bool TryGet(object? key, out object? value) => _values.TryGetValue(Canonical(key), out value);

    private static object Canonical(object? key) => key switch
    {
        null => DBNull.Value,
        bool truth => truth ? 1L : 0L,
        double number when number == Math.Floor(number) && Math.Abs(number) < 1e18 => (long)number,
        _ => key,
    };
}

/// <summary>namespace(..): the one thing whose attributes a template can set.</summary>
internal sealed class JinjaNamespace
{
    public Dictionary<string, object?> Attributes { get; } = new(StringComparer.Ordinal);
}

/// <summary>Something that can be called: a method bound to its value, a macro, a global function.</summary>
/// <param name="Name">For errors.</param>
/// <param name="Invoke">What it does.</param>
internal sealed record JinjaCallable(string Name, Func<JinjaArguments, object?> Invoke);

/// <summary>The state of a running loop, as the template's <c>loop</c> sees it.</summary>
internal sealed class JinjaLoop
{
    private object? _changed;
    private bool _hasChanged;

    public required IReadOnlyList<object?> Items { get; init; }

    public int Index { get; set; }

    /// <summary>loop.name.</summary>
    public object? Attribute(string name) => name switch
    {
        "index" => Index + 1L,
        "index0" => (long)Index,
        "revindex" => (long)(Items.Count - Index),
        "revindex0" => (long)(Items.Count - Index - 1),
        "first" => Index == 0,
        "last" => Index == Items.Count - 1,
        "length" => (long)Items.Count,
        "previtem" => Index > 0 ? Items[Index - 1] : new JinjaUndefined("'loop.previtem' of the first round"),
        "nextitem" => Index + 1 < Items.Count ? Items[Index + 1] : new JinjaUndefined("'loop.nextitem' of the last round"),
        // Jinja counts the depth of recursive loops only, which are not supported.
        "depth" => 1L,
        "depth0" => 0L,
        "cycle" => new JinjaCallable("loop.cycle", Cycle),
        "changed" => new JinjaCallable("loop.changed", Changed),
        _ => new JinjaUndefined($"'{name}' of loop"),
    };

    private object? Cycle(JinjaArguments arguments)
    {
        IReadOnlyList<object?> values = arguments.TakeAll();
        return values.Count == 0 ? throw arguments.Error("needs at least one value") : values[Index % values.Count];
    }

    private object? Changed(JinjaArguments arguments)
    {
        var now = new JinjaSequence(arguments.TakeAll());
        bool changed = !_hasChanged || !PythonValue.AreEqual(_changed, now);
        _changed = now;
        _hasChanged = true;
        return changed;
    }
}
