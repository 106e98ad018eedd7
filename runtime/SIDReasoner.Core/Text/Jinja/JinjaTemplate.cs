namespace SIDReasoner.Core.Text.Jinja;

/// <summary>
/// A Jinja template, read once and rendered any number of times, from any thread. The subset is what chat templates use, and more:
/// anything else is refused when the template is read, or at the latest when it is met, with its name and place.
/// </summary>
internal sealed class JinjaTemplate
{
    private readonly JinjaSource _source;
    private readonly IReadOnlyList<JinjaStatement> _body;

    private JinjaTemplate(JinjaSource source, IReadOnlyList<JinjaStatement> body)
    {
        _source = source;
        _body = body;
    }

    /// <summary>Reads a template.</summary>
    /// <exception cref="ChatTemplateException">Bad syntax, or something this program does not know.</exception>
    public static JinjaTemplate Parse(string text, string name)
    {
        var source = new JinjaSource(name, text);
        return new JinjaTemplate(source, JinjaParser.Parse(source));
    }

    /// <summary>Renders the template.</summary>
    /// <param name="variables">The variables, by name.</param>
    /// <param name="clock">What strftime_now reads.</param>
    /// <exception cref="ChatTemplateException">The template fails on these variables, or refuses them by raise_exception.</exception>
    public string Render(IEnumerable<KeyValuePair<string, object?>> variables, TimeProvider clock)
    {
        var scope = new JinjaScope(null);
        foreach ((string name, object? value) in variables)
            scope.Set(name, value);
        return new JinjaEvaluator(_source, clock).Render(_body, scope);
    }
}
