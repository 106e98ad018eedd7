using System.Globalization;
using SIDReasoner.Core.Text;

namespace SIDReasoner.TestSupport;

/// <summary>A tokenizer of control tokens and the 256 bytes: it spells any text, a token a byte.</summary>
public sealed class SmallVocabulary : IDisposable
{
    private static readonly string[] s_control = ["<pad>", "<eos>", "<bos>", "<think>", "</think>"];

    /// <summary>Writes the tokenizer and loads it.</summary>
    /// <param name="sidTokens">SID tokens, behind the bytes; null for none.</param>
    public SmallVocabulary(IReadOnlyList<string>? sidTokens = null)
    {
        Folder = Directory.CreateTempSubdirectory("sidr-tokenizer-").FullName;
        SmallTokenizer definition = Define(sidTokens ?? []);
        definition.Save(Folder);
        Tokenizer = ByteLevelBpeTokenizer.Load(Folder);
        Size = definition.VocabSize;
    }

    /// <summary>The id of the first SID token.</summary>
    public static int FirstSidToken => s_control.Length + 256;

    /// <summary>The tokenizer's definition: <c>&lt;pad&gt;</c> 0, <c>&lt;eos&gt;</c> 1, <c>&lt;bos&gt;</c> 2, the think tags 3 and 4, the bytes, the SID tokens.</summary>
    /// <param name="sidTokens">SID tokens.</param>
    /// <returns>The definition.</returns>
    public static SmallTokenizer Define(IReadOnlyList<string> sidTokens) => new()
    {
        ControlTokens = s_control,
        Pieces = [.. Enumerable.Range(0, 256).Select(Spell)],
        SidTokens = sidTokens,
        Bos = "<bos>",
        Eos = "<eos>",
        Pad = "<pad>",
    };

    /// <summary>The folder with tokenizer.json and tokenizer_config.json.</summary>
    public string Folder { get; }

    /// <summary>The tokenizer.</summary>
    public ByteLevelBpeTokenizer Tokenizer { get; }

    /// <summary>Number of tokens.</summary>
    public int Size { get; }

    /// <summary>The id of <c>&lt;/think&gt;</c>.</summary>
    public int Close => Tokenizer.TokenId("</think>");

    /// <summary>The id of a byte.</summary>
    /// <param name="value">The byte.</param>
    /// <returns>Its id.</returns>
    public int ByteId(byte value) => s_control.Length + value;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>GPT-2's stand-in of a byte: printable ones stand for themselves, the others follow from U+0100 on.</summary>
    private static string Spell(int value)
    {
        static bool Stands(int b) => b is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255);
        int code = Stands(value) ? value : 256 + Enumerable.Range(0, value).Count(b => !Stands(b));
        return ((char)code).ToString(CultureInfo.InvariantCulture);
    }
}
