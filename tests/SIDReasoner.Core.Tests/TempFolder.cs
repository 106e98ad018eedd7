namespace SIDReasoner.Core.Tests;

/// <summary>A folder of this test alone, gone when the test is.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("sidr-core-").FullName;

    public string File(params string[] parts) => Path.Combine([Root, .. parts]);

    public string Write(string name, string text)
    {
        var path = File(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    public string Write(string name, byte[] bytes)
    {
        var path = File(name);
        System.IO.File.WriteAllBytes(path, bytes);
        return path;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
