using System.Security.Cryptography;
using System.Text;
using SIDReasoner.Core.Bundles;

namespace SIDReasoner.Export.Bundles;

/// <summary>SHA-256 of a bundle's files.</summary>
internal static class FileHashes
{
    /// <summary>Size and hash of one file.</summary>
    public static BundleFile Of(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
        return new BundleFile { Bytes = stream.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(stream)) };
    }

    /// <summary>One hash over named hashes, in order of name.</summary>
    public static string Combine(IEnumerable<KeyValuePair<string, BundleFile>> files)
    {
        var text = new StringBuilder();
        foreach (var (name, file) in files.OrderBy(f => f.Key, StringComparer.Ordinal))
            text.Append(name).Append(' ').Append(file.Sha256).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
