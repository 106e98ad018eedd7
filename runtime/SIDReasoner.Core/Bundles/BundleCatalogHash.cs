using System.Security.Cryptography;
using System.Text;

namespace SIDReasoner.Core.Bundles;

/// <summary>The hash that ties catalog.sidtrie to the SID tokens and items it was built from; written by export, computed again by the runtime.</summary>
public static class BundleCatalogHash
{
    /// <summary>First 16 bytes of SHA-256 over one line a SID token (id, space, text) and the SHA-256 of items.jsonl in hexadecimal.</summary>
    /// <param name="tokens">The SID columns.</param>
    /// <param name="itemsSha256">64 lower-case hexadecimal digits.</param>
    public static byte[] Compute(BundleSidTokens tokens, string itemsSha256)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentException.ThrowIfNullOrEmpty(itemsSha256);
        var text = new StringBuilder();
        foreach (var (id, token) in tokens.TokenIds.Zip(tokens.Texts))
            text.Append(id).Append(' ').Append(token).Append('\n');
        text.Append(itemsSha256).Append('\n');
        return SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()))[..16];
    }
}
