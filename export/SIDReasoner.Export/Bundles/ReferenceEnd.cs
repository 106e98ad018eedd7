using SIDReasoner.Core;
using SIDReasoner.Core.Text;

namespace SIDReasoner.Export.Bundles;

/// <summary>Newline and end of turn, which score mode <c>reference</c> adds to every SID.</summary>
internal static class ReferenceEnd
{
    /// <summary>The two ids from the options, else from tokenizer and prompt.json, else null.</summary>
    /// <exception cref="SidReasonerException">The options name other than two ids, or ids outside the vocabulary.</exception>
    public static IReadOnlyList<int>? Resolve(BundleExportOptions options, PromptTemplate? template, TokenizerVocabulary? tokenizer, int vocabSize)
    {
        if (options.ReferenceEnd is { } given)
        {
            if (given.Count != 2 || given.Any(id => id < 0 || id >= vocabSize))
            {
                throw new SidReasonerException(
                    $"--reference-end is '{string.Join(',', given)}'; expected two token ids from 0 to {vocabSize - 1}: newline, end of turn.");
            }

            return given;
        }

        if (tokenizer?.Newline is { } newline && template is { ReplyEnd: { Length: > 0 } text } && tokenizer.Find(text) is { } end && end < vocabSize)
            return [newline, end];
        return null;
    }
}
