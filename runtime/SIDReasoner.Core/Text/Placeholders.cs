using System.Text;

namespace SIDReasoner.Core.Text;

/// <summary>Fills <c>{name}</c> in a template, once: what is filled in is not looked at again, and other braces stay.</summary>
internal static class Placeholders
{
    public static string Fill(string template, params ReadOnlySpan<(string Name, string Value)> values)
    {
        var result = new StringBuilder(template.Length);
        for (var at = 0; at < template.Length;)
        {
            var taken = 0;
            if (template[at] == '{')
            {
                foreach (var (name, value) in values)
                {
                    if (at + name.Length + 1 >= template.Length || template[at + name.Length + 1] != '}' || string.CompareOrdinal(template, at + 1, name, 0, name.Length) != 0)
                        continue;
                    result.Append(value);
                    taken = name.Length + 2;
                    break;
                }
            }

            if (taken == 0)
                result.Append(template[at]);
            at += Math.Max(1, taken);
        }

        return result.ToString();
    }
}
