using System.Globalization;
using System.Text;
using System.Text.Json;

namespace SIDReasoner.Core.Text.Jinja;

/// <summary>JSON in and out: values from JsonElement, and transformers' tojson, which is Python's json.dumps with ensure_ascii off.</summary>
internal static class JinjaJson
{
    /// <summary>A value as a template sees it.</summary>
    public static object? Read(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return element.GetString();
            case JsonValueKind.True or JsonValueKind.False:
                return element.ValueKind == JsonValueKind.True;
            case JsonValueKind.Number:
                return element.TryGetInt64(out long number) ? (object)number : element.GetDouble();
            case JsonValueKind.Array:
                return new JinjaSequence([.. element.EnumerateArray().Select(Read)]);
            case JsonValueKind.Object:
                var dict = new JinjaDict();
                foreach (JsonProperty property in element.EnumerateObject())
                    dict[property.Name] = Read(property.Value);
                return dict;
            default:
                return null;
        }
    }

    /// <summary>The filter tojson(ensure_ascii=False, indent=None, separators=None, sort_keys=False).</summary>
    public static string Write(object? value, JinjaArguments arguments)
    {
        bool escapes = arguments.TakeTruth("ensure_ascii", false);
        object? indent = arguments.Take("indent", null);
        object? separators = arguments.Take("separators", null);
        bool sorts = arguments.TakeTruth("sort_keys", false);
        string? unit = indent switch
        {
            null => null,
            long count => new string(' ', (int)Math.Clamp(count, 0, 100)),
            string blanks => blanks,
            _ => throw arguments.Error($"needs a number or string as 'indent', got {PythonValue.TypeName(indent)}"),
        };
        (string comma, string colon) = separators switch
        {
            null => (unit is null ? ", " : ",", ": "),
            JinjaSequence { Items: [string first, string second] } => (first, second),
            _ => throw arguments.Error("needs two strings as 'separators'"),
        };
        var text = new StringBuilder();
        new Writer(text, escapes, unit, comma, colon, sorts, arguments).Write(value, 0);
        return text.ToString();
    }

    private sealed class Writer(StringBuilder text, bool escapes, string? indent, string comma, string colon, bool sorts, JinjaArguments arguments)
    {
        public void Write(object? value, int depth)
        {
            switch (value)
            {
                case null:
                    text.Append("null");
                    break;
                case bool truth:
                    text.Append(truth ? "true" : "false");
                    break;
                case long or double:
                    text.Append(value is double number && !double.IsFinite(number) ? double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity" : PythonValue.Representation(value));
                    break;
                case string quoted:
                    Quote(quoted);
                    break;
                case JinjaSequence sequence:
                    Group('[', ']', sequence.Items, depth, item => Write(item, depth + 1));
                    break;
                case JinjaDict dict:
                    IEnumerable<object?> keys = sorts ? dict.Keys.OrderBy(Key, SemanticIds.CodePointComparer.Instance) : dict.Keys;
                    Group('{', '}', [.. keys], depth, key =>
                    {
                        Quote(Key(key));
                        text.Append(colon);
                        Write(dict[key], depth + 1);
                    });
                    break;
                default:
                    throw arguments.Error($"cannot write {PythonValue.TypeName(value)} as JSON");
            }
        }

        private string Key(object? key) => key switch
        {
            string name => name,
            null => "null",
            bool truth => truth ? "true" : "false",
            _ => PythonValue.Representation(key),
        };

        private void Group(char open, char close, IReadOnlyList<object?> items, int depth, Action<object?> write)
        {
            text.Append(open);
            for (int i = 0; i < items.Count; i++)
            {
                text.Append(i > 0 ? comma : "");
                NewLine(depth + 1);
                write(items[i]);
            }

            if (items.Count > 0)
                NewLine(depth);
            text.Append(close);
        }

        private void NewLine(int depth)
        {
            if (indent is null)
                return;
            text.Append('\n');
            for (int i = 0; i < depth; i++)
                text.Append(indent);
        }

        private void Quote(string value)
        {
            text.Append('"');
            foreach (char c in value)
            {
                int place = "\"\\\n\r\t\b\f".IndexOf(c, StringComparison.Ordinal);
                if (place >= 0)
                    text.Append('\\').Append("\"\\nrtbf"[place]);
                else if (c < ' ' || (escapes && c > '~'))
                    text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
                else
                    text.Append(c);
            }

            text.Append('"');
        }
    }
}
