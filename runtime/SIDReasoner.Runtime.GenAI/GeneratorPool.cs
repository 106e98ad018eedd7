namespace SIDReasoner.Runtime.GenAI;

/// <summary>Idle generators by adapter and the text in their caches, oldest first: a prompt that begins as one of them did runs only its own part.</summary>
/// <remarks>Safe for any number of threads. Keeps at most a fixed number; the one unused for longest goes first.</remarks>
internal sealed class GeneratorPool(int mostIdle) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<GeneratorLane> _idle = [];
    private bool _isDisposed;

    /// <summary>Idle generators now.</summary>
    public int IdleCount
    {
        get
        {
            lock (_gate)
                return _idle.Count;
        }
    }

    /// <summary>Takes the generator that shares the longest start with <paramref name="tokens"/> among those of its adapter with enough room.</summary>
    /// <returns>
    /// Null where the caller should make one: none has the room, or none shares half the prompt and there is still place for another
    /// text beside those that are kept.
    /// </returns>
    public GeneratorLane? TryTake(ReadOnlySpan<int> tokens, string? adapter, int rows, int controlLength)
    {
        lock (_gate)
        {
            var (best, bestShared) = (-1, -1);
            for (var i = 0; i < _idle.Count; i++)
            {
                if (_idle[i].Adapter != adapter || _idle[i].Rows < rows || _idle[i].Control.Length < controlLength)
                    continue;
                var shared = _idle[i].Text.CommonPrefixLength(tokens);
                if (shared > bestShared)
                    (best, bestShared) = (i, shared);
            }

            if (best < 0 || (2 * bestShared < tokens.Length && _idle.Count < mostIdle))
                return null;
            var lane = _idle[best];
            _idle.RemoveAt(best);
            return lane;
        }
    }

    /// <summary>Gives a generator back with the text in its cache.</summary>
    public void Return(GeneratorLane lane)
    {
        GeneratorLane? dropped = null;
        lock (_gate)
        {
            if (_isDisposed)
            {
                dropped = lane;
            }
            else
            {
                _idle.Add(lane);
                if (_idle.Count > mostIdle)
                {
                    dropped = _idle[0];
                    _idle.RemoveAt(0);
                }
            }
        }

        dropped?.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            foreach (var lane in _idle)
                lane.Dispose();
            _idle.Clear();
        }
    }
}
