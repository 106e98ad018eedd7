namespace SIDReasoner.Decoding;

/// <summary>Where a session's cache first holds a value that is no finite number.</summary>
/// <param name="Layer">The first layer whose keys or values hold one, from 0; <see cref="NoLayer"/> where none does.</param>
/// <param name="Row">The first such row of that layer: text tokens, then beams; 0 where there is none.</param>
public readonly record struct NonFiniteRow(int Layer, int Row)
{
    /// <summary>Every layer's keys and values are finite.</summary>
    public const int NoLayer = -1;

    /// <summary>No such row.</summary>
    public static NonFiniteRow None => new(NoLayer, 0);

    /// <summary>The first row of a plane that holds one.</summary>
    /// <param name="plane">One head's keys or values, [rows, head size], of rows in use.</param>
    /// <param name="headSize">Values of a row.</param>
    /// <returns>The row, or -1.</returns>
    public static int First(ReadOnlySpan<float> plane, int headSize)
    {
        for (int i = 0; i < plane.Length; i++)
        {
            if (!float.IsFinite(plane[i]))
            {
                return i / headSize;
            }
        }

        return -1;
    }
}
