namespace SIDReasoner.Core.Text.Jinja;

/// <summary>The arguments of a call, filter or test, taken by name and place; what is left over is an error.</summary>
internal sealed class JinjaArguments
{
    private readonly IReadOnlyList<object?> _positional;
    private readonly Dictionary<string, object?> _named;
    private readonly Func<string, ChatTemplateException> _error;
    private readonly string _callee;
    private int _next;

    public JinjaArguments(string callee, IReadOnlyList<object?> positional, IReadOnlyList<(string Name, object? Value)> named, Func<string, ChatTemplateException> error)
    {
        _callee = callee;
        _positional = positional;
        _error = error;
        _named = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach ((string name, object? value) in named)
        {
            if (!_named.TryAdd(name, value))
                throw Error($"got the argument '{name}' twice");
        }
    }

    public int Count => _positional.Count - _next + _named.Count;

    /// <summary>An error about this call.</summary>
    public ChatTemplateException Error(string problem) => _error($"{_callee} {problem}.");

    /// <summary>The template's own refusal, in its own words.</summary>
    public ChatTemplateException Refusal(string message) => _error($"the template refuses this conversation: {message}");

    /// <summary>The next argument by place or name; false where neither is there.</summary>
    public bool TryTake(string name, out object? value)
    {
        bool isNamed = _named.Remove(name, out value);
        if (_next >= _positional.Count)
            return isNamed;
        if (isNamed)
            throw Error($"got the argument '{name}' twice");
        value = _positional[_next++];
        return true;
    }

    public object? Take(string name) => TryTake(name, out object? value) ? value : throw Error($"needs the argument '{name}'");

    public object? Take(string name, object? standard) => TryTake(name, out object? value) ? value : standard;

    public string TakeText(string name) => Text(name, Take(name));

    public string? TakeText(string name, string? standard) => TryTake(name, out object? value) && value is not null ? Text(name, value) : standard;

    public long TakeInteger(string name, long standard) => TryTake(name, out object? value) ? Integer(name, value) : standard;

    public bool TakeTruth(string name, bool standard) => TryTake(name, out object? value) ? PythonValue.IsTrue(value) : standard;

    public bool TryTakeNamed(string name, out object? value) => _named.Remove(name, out value);

    /// <summary>The arguments of another callee that this one applies, with the same place in errors.</summary>
    public JinjaArguments For(string callee, IReadOnlyList<object?> positional) => new(callee, positional, [], _error);

    /// <summary>All arguments by name that are left.</summary>
    public IReadOnlyList<(string Name, object? Value)> TakeNamed()
    {
        List<(string, object?)> rest = [.. _named.Select(pair => (pair.Key, pair.Value))];
        _named.Clear();
        return rest;
    }

    /// <summary>All arguments by place that are left.</summary>
    public IReadOnlyList<object?> TakeAll()
    {
        object?[] rest = [.. _positional.Skip(_next)];
        _next = _positional.Count;
        return rest;
    }

    /// <summary>Refuses what nobody took.</summary>
    public void End()
    {
        if (_next < _positional.Count)
            throw Error($"got {_positional.Count} arguments; expected at most {_next}");
        if (_named.Count > 0)
            throw Error($"has no argument '{_named.Keys.First()}' that this program knows");
    }

    private string Text(string name, object? value) =>
        value as string ?? throw Error($"needs a string as '{name}', got {PythonValue.TypeName(value)}");

    private long Integer(string name, object? value) => value switch
    {
        long number => number,
        bool truth => truth ? 1 : 0,
        _ => throw Error($"needs a whole number as '{name}', got {PythonValue.TypeName(value)}"),
    };
}
