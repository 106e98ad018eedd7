using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using SIDReasoner.Core.Configuration;
using SIDReasoner.Train.Stages;

namespace SIDReasoner.Train.Checkpointing;

/// <summary>A short hash of all that decides a run's updates: settings, model shape and data.</summary>
internal static class RunFingerprint
{
    /// <summary>Hashes a next-item run; settings that change no update (time limit, how often to save or evaluate) are left out.</summary>
    public static string Of(IReadOnlyList<int[][]> chains, ModelConfig config, NextItemOptions options)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(config.ToString()));
        hash.AppendData(Encoding.UTF8.GetBytes((options with { TimeLimit = null, StateEverySteps = 1, EvaluateEveryEpochs = 0 }).ToString()));
        foreach (int[][] chain in chains)
        {
            foreach (int[] item in chain)
            {
                hash.AppendData(MemoryMarshal.AsBytes<int>(item));
                hash.AppendData([0xff, 0xff, 0xff, 0xff]);
            }

            hash.AppendData([0xff, 0xff, 0xff, 0xfe]);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
