namespace SIDReasoner.Core.Text.Jinja;

/// <summary>Computes expressions.</summary>
internal sealed partial class JinjaEvaluator
{
    private object? Value(JinjaExpression expression, JinjaScope scope)
    {
        switch (expression)
        {
            case JinjaLiteral literal:
                return literal.Value;
            case JinjaName name:
                return scope.TryGet(name.Name, out object? variable) ? variable
                    : JinjaGlobals.Find(name.Name, clock) ?? (object)new JinjaUndefined($"'{name.Name}'");
            case JinjaSequenceLiteral list:
                return new JinjaSequence([.. list.Items.Select(item => Value(item, scope))], list.IsTuple);
            case JinjaDictLiteral literal:
                var dict = new JinjaDict();
                foreach ((JinjaExpression key, JinjaExpression item) in literal.Items)
                    dict[Value(key, scope)] = Value(item, scope);
                return dict;
            case JinjaAttribute attribute:
                return Attribute(Value(attribute.Target, scope), attribute.Name, attribute.At);
            case JinjaIndex index:
                return Element(Value(index.Target, scope), Value(index.Index, scope), index.At);
            case JinjaSlice slice:
                return Slice(slice, scope);
            case JinjaCall call:
                return Call(call, scope);
            case JinjaFilter filter:
                return JinjaFilters.Apply(filter.Name, Value(filter.Value, scope), Arguments($"the filter '{filter.Name}'", filter.Arguments, filter.At, scope));
            case JinjaTest test:
                return JinjaTests.Apply(test.Name, Value(test.Value, scope), Arguments($"the test '{test.Name}'", test.Arguments, test.At, scope));
            case JinjaUnary unary:
                return Unary(unary, Value(unary.Value, scope));
            case JinjaBinary { Operator: "and" } and:
                return Value(and.Left, scope) is var first && PythonValue.IsTrue(first) ? Value(and.Right, scope) : first;
            case JinjaBinary { Operator: "or" } or:
                return Value(or.Left, scope) is var left && PythonValue.IsTrue(left) ? left : Value(or.Right, scope);
            case JinjaBinary binary:
                return JinjaArithmetic.Compute(binary.Operator, Value(binary.Left, scope), Value(binary.Right, scope), problem => source.Error(binary.At, problem));
            case JinjaCompare compare:
                return Compare(compare, scope);
            case JinjaConditional choice:
                return PythonValue.IsTrue(Value(choice.Condition, scope)) ? Value(choice.Then, scope)
                    : choice.Otherwise is null ? new JinjaUndefined("the missing 'else' of an 'if'") : Value(choice.Otherwise, scope);
            default:
                throw source.Error(expression.At, $"the expression {expression.GetType().Name} has no meaning here.");
        }
    }

    private object? Attribute(object? target, string name, int at) => target switch
    {
        JinjaUndefined undefined => throw source.Error(at, $"looks for '{name}' in {undefined.What}, which is undefined."),
        JinjaLoop loop => loop.Attribute(name),
        JinjaNamespace space => space.Attributes.TryGetValue(name, out object? value) ? value : new JinjaUndefined($"'{name}' of a namespace"),
        JinjaDict dict => JinjaMethods.Find(dict, name) ?? (dict.TryGet(name, out object? value) ? value : new JinjaUndefined($"'{name}' of a dict")),
        _ => JinjaMethods.Find(target, name) ?? (object)new JinjaUndefined($"'{name}' of {PythonValue.TypeName(target)}"),
    };

    private object? Element(object? target, object? index, int at)
    {
        switch (target)
        {
            case JinjaDict dict when dict.TryGet(index, out object? value):
                return value;
            case JinjaSequence or string when index is long or bool:
                IReadOnlyList<object?> items = PythonValue.Elements(target)!;
                long place = PythonValue.Integer(index);
                place = place < 0 ? place + items.Count : place;
                return place >= 0 && place < items.Count ? items[(int)place] : new JinjaUndefined($"element {index} of {PythonValue.TypeName(target)}");
            default:
                return index is string name || target is JinjaUndefined
                    ? Attribute(target, index as string ?? PythonValue.Representation(index), at)
                    : new JinjaUndefined($"element {PythonValue.Representation(index)} of {PythonValue.TypeName(target)}");
        }
    }

    private object? Slice(JinjaSlice slice, JinjaScope scope)
    {
        object? target = Value(slice.Target, scope);
        if (target is not (string or JinjaSequence))
            throw source.Error(slice.At, $"cannot slice {PythonValue.TypeName(target)}.");
        IReadOnlyList<object?> items = PythonValue.Elements(target)!;
        long step = Bound(slice.Step, scope) ?? 1;
        if (step == 0)
            throw source.Error(slice.At, "a slice cannot step by 0.");
        long count = items.Count;
        long low = step > 0 ? 0 : -1;
        long high = step > 0 ? count : count - 1;
        long start = Bound(slice.Start, scope) is long from ? Math.Clamp(from < 0 ? from + count : from, low, high) : step > 0 ? low : high;
        long stop = Bound(slice.Stop, scope) is long to ? Math.Clamp(to < 0 ? to + count : to, low, high) : step > 0 ? high : low;
        var taken = new List<object?>();
        for (long i = start; step > 0 ? i < stop : i > stop; i += step)
            taken.Add(items[(int)i]);
        return target is JinjaSequence sequence ? new JinjaSequence(taken, sequence.IsTuple) : string.Concat(taken);
    }

    private long? Bound(JinjaExpression? expression, JinjaScope scope)
    {
        object? value = expression is null ? null : Value(expression, scope);
        return value switch
        {
            null => null,
            long or bool => PythonValue.Integer(value),
            _ => throw source.Error(expression!.At, $"a slice needs whole numbers, got {PythonValue.TypeName(value)}."),
        };
    }

    private object? Call(JinjaCall call, JinjaScope scope)
    {
        object? target = Value(call.Target, scope);
        if (target is JinjaCallable callable)
        {
            JinjaArguments arguments = Arguments(callable.Name, call.Arguments, call.At, scope);
            object? result = callable.Invoke(arguments);
            arguments.End();
            return result;
        }

        throw source.Error(call.At, target is JinjaUndefined undefined
            ? $"{undefined.What} is called, but is no function or method that this program knows (functions: {JinjaGlobals.Known})."
            : $"{PythonValue.TypeName(target)} cannot be called.");
    }

    private JinjaArguments Arguments(string callee, JinjaCallList list, int at, JinjaScope scope) => new(
        callee,
        [.. list.Positional.Select(argument => Value(argument, scope))],
        [.. list.Named.Select(argument => (argument.Name, Value(argument.Value, scope)))],
        problem => source.Error(at, problem));

    private object? Unary(JinjaUnary unary, object? value) => (unary.Operator, value) switch
    {
        ("not", _) => !PythonValue.IsTrue(value),
        ("-", long number) when number > long.MinValue => -number,
        ("-", double number) => -number,
        ("-", bool truth) => truth ? -1L : 0L,
        ("+", long or double) => value,
        ("+", bool truth) => truth ? 1L : 0L,
        _ => throw source.Error(unary.At, $"'{unary.Operator}' needs a number, got {PythonValue.TypeName(value)}."),
    };

    private bool Compare(JinjaCompare compare, JinjaScope scope)
    {
        object? left = Value(compare.First, scope);
        foreach ((string sign, JinjaExpression expression) in compare.Rest)
        {
            object? right = Value(expression, scope);
            if (!Holds(sign, left, right, compare.At))
                return false;
            left = right;
        }

        return true;
    }

    private bool Holds(string sign, object? left, object? right, int at)
    {
        switch (sign)
        {
            case "==":
                return PythonValue.AreEqual(left, right);
            case "!=":
                return !PythonValue.AreEqual(left, right);
            case "in" or "not in":
                bool contains = PythonValue.Contains(right, left)
                    ?? throw source.Error(at, $"cannot look for {PythonValue.TypeName(left)} in {PythonValue.TypeName(right)}.");
                return contains == (sign == "in");
            default:
                int order = PythonValue.Compare(left, right)
                    ?? throw source.Error(at, $"cannot compare {PythonValue.TypeName(left)} with {PythonValue.TypeName(right)} by '{sign}'.");
                return sign switch
                {
                    "<" => order < 0,
                    "<=" => order <= 0,
                    ">" => order > 0,
                    _ => order >= 0,
                };
        }
    }
}
