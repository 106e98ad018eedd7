// An MSBuild inline task (see TorchSharp.targets), not part of any assembly.
// Both edits are idempotent and refuse files they do not know. Outputs may be hard links into the package cache, so each repaired
// file is written under a new name and renamed over the old one: the cache's inode is never touched.
using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

public class RepairTorchSharp : Task
{
    private const string KnownVersion = "0.107.0";
    private const string BadVersion = "GLIBCXX_3.4.32";
    private const string BadSymbol = "_ZSt21ios_base_library_initv";
    private const string GoodSymbol = "_ZNSt8ios_base4InitC1Ev";

    // Length, prolog, DebuggingModes, no named arguments: IgnoreSymbolStoreSequencePoints -> that, Default, EnableEditAndContinue, DisableOptimizations.
    private static readonly byte[] Optimized = { 8, 1, 0, 0x02, 0, 0, 0, 0, 0 };
    private static readonly byte[] Unoptimized = { 8, 1, 0, 0x07, 1, 0, 0, 0, 0 };

    [Required]
    public string Folder { get; set; }

    [Required]
    public string Version { get; set; }

    public override bool Execute()
    {
        if (Version != KnownVersion)
        {
            Log.LogError("TorchSharp is " + Version + "; its repairs (eng/TorchSharpRepairs.cs) are verified for " + KnownVersion + ". Check whether both are still needed, then change KnownVersion.");
            return false;
        }

        try
        {
            string managed = Path.Combine(Folder, "TorchSharp.dll");
            if (File.Exists(managed))
            {
                Edit(managed, RepairLifetimes);
            }

            foreach (string native in Directory.GetFiles(Folder, "libLibTorchSharp.so", SearchOption.AllDirectories))
            {
                Edit(native, RepairSymbolVersion);
            }
        }
        catch (InvalidDataException e)
        {
            Log.LogError(e.Message);
        }

        return !Log.HasLoggedErrors;
    }

    private void Edit(string path, Func<string, byte[], bool> edit)
    {
        byte[] bytes = File.ReadAllBytes(path);
        if (!edit(path, bytes))
        {
            return;
        }

        DateTime written = File.GetLastWriteTimeUtc(path);
        string temporary = path + ".repair-" + Guid.NewGuid().ToString("N");
        File.WriteAllBytes(temporary, bytes);
        File.SetLastWriteTimeUtc(temporary, written); // unchanged for the incremental copy
        File.Delete(path);
        File.Move(temporary, path);
        Log.LogMessage(MessageImportance.Normal, "Repaired " + path);
    }

    // Without optimizations the JIT keeps a method's arguments alive to its end, so no wrapper is finalized during its own native call.
    private static bool RepairLifetimes(string path, byte[] bytes)
    {
        List<int> optimized = Find(bytes, Optimized);
        List<int> unoptimized = Find(bytes, Unoptimized);
        if (optimized.Count == 0 && unoptimized.Count == 1)
        {
            return false;
        }

        if (optimized.Count != 1 || unoptimized.Count != 0)
        {
            throw new InvalidDataException("'" + path + "' holds " + optimized.Count + " DebuggableAttribute blobs of the known kind; expected 1. It is not TorchSharp " + KnownVersion + "; see docs/decisions/torchsharp-repairs.md.");
        }

        Unoptimized.CopyTo(bytes, optimized[0]);
        return true;
    }

    // The only symbol that needs GLIBCXX_3.4.32 starts the C++ streams; the classic initializer does the same on every libstdc++.
    private static bool RepairSymbolVersion(string path, byte[] bytes)
    {
        if (bytes.Length < 64 || bytes[0] != 0x7f || bytes[1] != 'E' || bytes[4] != 2 || bytes[5] != 1)
        {
            throw new InvalidDataException("'" + path + "' is not a 64-bit little-endian ELF file.");
        }

        long sections = BitConverter.ToInt64(bytes, 40);
        int size = BitConverter.ToUInt16(bytes, 58), count = BitConverter.ToUInt16(bytes, 60);
        int symbols = -1, versions = -1, needs = -1;
        for (int i = 0; i < count; i++)
        {
            int at = checked((int)(sections + (long)i * size));
            switch (BitConverter.ToUInt32(bytes, at + 4))
            {
                case 11: symbols = at; break;
                case 0x6fffffff: versions = at; break;
                case 0x6ffffffe: needs = at; break;
            }
        }

        if (symbols < 0 || versions < 0 || needs < 0)
        {
            throw new InvalidDataException("'" + path + "' has no versioned dynamic symbols.");
        }

        int symbolAt = Offset(bytes, symbols), symbolBytes = (int)BitConverter.ToInt64(bytes, symbols + 32);
        int versionAt = Offset(bytes, versions);
        int strings = Offset(bytes, checked((int)(sections + (long)BitConverter.ToInt32(bytes, symbols + 40) * size)));
        int needStrings = Offset(bytes, checked((int)(sections + (long)BitConverter.ToInt32(bytes, needs + 40) * size)));
        bool changed = false;
        int need = Offset(bytes, needs);
        while (true)
        {
            int aux = need + BitConverter.ToInt32(bytes, need + 8);
            for (int left = BitConverter.ToUInt16(bytes, need + 2); left > 0; left--)
            {
                if (Text(bytes, needStrings + BitConverter.ToInt32(bytes, aux + 8)) == BadVersion)
                {
                    changed |= Weaken(path, bytes, aux, symbolAt, symbolBytes / 24, versionAt, strings);
                }

                aux += BitConverter.ToInt32(bytes, aux + 12);
            }

            int next = BitConverter.ToInt32(bytes, need + 12);
            if (next == 0)
            {
                return changed;
            }

            need += next;
        }
    }

    private static bool Weaken(string path, byte[] bytes, int aux, int symbolAt, int symbolCount, int versionAt, int strings)
    {
        const byte weakFlag = 2;
        bool changed = (bytes[aux + 4] & weakFlag) == 0;
        bytes[aux + 4] |= weakFlag;
        int index = BitConverter.ToUInt16(bytes, aux + 6);
        for (int i = 0; i < symbolCount; i++)
        {
            if ((BitConverter.ToUInt16(bytes, versionAt + 2 * i) & 0x7fff) != index)
            {
                continue;
            }

            int name = strings + BitConverter.ToInt32(bytes, symbolAt + 24 * i);
            if (Text(bytes, name) != BadSymbol)
            {
                throw new InvalidDataException("'" + path + "' needs '" + Text(bytes, name) + "' of " + BadVersion + "; the repair knows only '" + BadSymbol + "'. See docs/decisions/torchsharp-repairs.md.");
            }

            Encoding.ASCII.GetBytes(GoodSymbol + "\0").CopyTo(bytes, name);
            bytes[versionAt + 2 * i] = 1; // VER_NDX_GLOBAL
            bytes[versionAt + 2 * i + 1] = 0;
            changed = true;
        }

        return changed;
    }

    private static int Offset(byte[] bytes, int section) { return checked((int)BitConverter.ToInt64(bytes, section + 24)); }

    private static string Text(byte[] bytes, int at)
    {
        int end = Array.IndexOf(bytes, (byte)0, at);
        return Encoding.ASCII.GetString(bytes, at, end - at);
    }

    private static List<int> Find(byte[] bytes, byte[] pattern)
    {
        var found = new List<int>();
        for (int at = Array.IndexOf(bytes, pattern[0]); at >= 0 && at + pattern.Length <= bytes.Length; at = Array.IndexOf(bytes, pattern[0], at + 1))
        {
            int i = 1;
            while (i < pattern.Length && bytes[at + i] == pattern[i])
            {
                i++;
            }

            if (i == pattern.Length)
            {
                found.Add(at);
            }
        }

        return found;
    }
}
