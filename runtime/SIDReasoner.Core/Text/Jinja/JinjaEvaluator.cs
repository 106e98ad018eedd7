using System.Text;

namespace SIDReasoner.Core.Text.Jinja;

/// <summary>Runs a template's statements once; the other parts compute its expressions.</summary>
internal sealed partial class JinjaEvaluator(JinjaSource source, TimeProvider clock)
{
    private const int MaxMacroDepth = 100;
    private StringBuilder _output = new();
    private int _macroDepth;

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    public string Render(IReadOnlyList<JinjaStatement> body, JinjaScope scope)
    {
        Run(body, scope);
        return _output.ToString();
    }

    private Flow Run(IReadOnlyList<JinjaStatement> body, JinjaScope scope)
    {
        foreach (JinjaStatement statement in body)
        {
            Flow flow = Run(statement, scope);
            if (flow != Flow.Next)
                return flow;
        }

        return Flow.Next;
    }

    private Flow Run(JinjaStatement statement, JinjaScope scope)
    {
        switch (statement)
        {
            case JinjaText text:
                _output.Append(text.Text);
                return Flow.Next;
            case JinjaPrint print:
                _output.Append(PythonValue.ToText(Value(print.Value, scope)));
                return Flow.Next;
            case JinjaIf choice:
                foreach ((JinjaExpression? condition, IReadOnlyList<JinjaStatement> body) in choice.Branches)
                {
                    if (condition is null || PythonValue.IsTrue(Value(condition, scope)))
                        return Run(body, scope);
                }

                return Flow.Next;
            case JinjaFor loop:
                RunLoop(loop, scope);
                return Flow.Next;
            case JinjaSet set:
                Assign(set.Target, Value(set.Value, scope), scope);
                return Flow.Next;
            case JinjaSetBlock block:
                object? value = Captured(block.Body, new JinjaScope(scope));
                foreach ((int at, string name, JinjaCallList arguments) in block.Filters)
                    value = JinjaFilters.Apply(name, value, Arguments($"the filter '{name}'", arguments, at, scope));
                Assign(block.Target, value, scope);
                return Flow.Next;
            case JinjaMacro macro:
                scope.Set(macro.Name, new JinjaCallable($"the macro '{macro.Name}'", arguments => Call(macro, arguments, scope)));
                return Flow.Next;
            case JinjaScopeBlock block:
                var inner = new JinjaScope(scope);
                foreach ((JinjaTarget target, JinjaExpression expression) in block.Values)
                    Assign(target, Value(expression, scope), inner);
                return Run(block.Body, inner);
            case JinjaLoopControl control:
                return control.IsBreak ? Flow.Break : Flow.Continue;
            default:
                throw source.Error(statement.At, $"the statement {statement.GetType().Name} has no meaning here.");
        }
    }

    private void RunLoop(JinjaFor loop, JinjaScope scope)
    {
        object? value = Value(loop.Items, scope);
        IReadOnlyList<object?> items = PythonValue.Elements(value) ?? throw source.Error(loop.Items.At, $"cannot loop over {PythonValue.TypeName(value)}.");
        if (loop.Filter is not null)
        {
            items = [.. items.Where(item =>
            {
                var trial = new JinjaScope(scope);
                Assign(loop.Target, item, trial);
                return PythonValue.IsTrue(Value(loop.Filter, trial));
            })];
        }

        if (items.Count == 0)
        {
            Run(loop.Else, new JinjaScope(scope));
            return;
        }

        var state = new JinjaLoop { Items = items };
        for (int i = 0; i < items.Count; i++)
        {
            var round = new JinjaScope(scope);
            state.Index = i;
            round.Set("loop", state);
            Assign(loop.Target, items[i], round);
            if (Run(loop.Body, round) == Flow.Break)
                break;
        }
    }

    private string Captured(IReadOnlyList<JinjaStatement> body, JinjaScope scope)
    {
        StringBuilder outer = _output;
        _output = new StringBuilder();
        Run(body, scope);
        string text = _output.ToString();
        _output = outer;
        return text;
    }

    private string Call(JinjaMacro macro, JinjaArguments arguments, JinjaScope scope)
    {
        if (++_macroDepth > MaxMacroDepth)
            throw arguments.Error($"calls itself more than {MaxMacroDepth} deep");
        var inner = new JinjaScope(scope);
        foreach ((string name, JinjaExpression? standard) in macro.Parameters)
        {
            object? value = arguments.TryTake(name, out object? given) ? given
                : standard is not null ? Value(standard, inner)
                : new JinjaUndefined($"the argument '{name}' of {macro.Name}");
            inner.Set(name, value);
        }

        arguments.End();
        string text = Captured(macro.Body, inner);
        _macroDepth--;
        return text;
    }

    private void Assign(JinjaTarget target, object? value, JinjaScope scope)
    {
        if (target.Parts is not null)
        {
            IReadOnlyList<object?>? items = PythonValue.Elements(value);
            if (items is null || items.Count != target.Parts.Count)
                throw source.Error(target.At, $"needs {target.Parts.Count} values to assign, got {(items is null ? PythonValue.TypeName(value) : items.Count)}.");
            for (int i = 0; i < items.Count; i++)
                Assign(target.Parts[i], items[i], scope);
        }
        else if (target.Attribute is null)
        {
            scope.Set(target.Name!, value);
        }
        else if (scope.TryGet(target.Name!, out object? owner) && owner is JinjaNamespace space)
        {
            space.Attributes[target.Attribute] = value;
        }
        else
        {
            throw source.Error(target.At, $"'{target.Name}.{target.Attribute}' cannot be set: '{target.Name}' is no namespace.");
        }
    }
}
