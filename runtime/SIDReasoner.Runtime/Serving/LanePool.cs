using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace SIDReasoner.Runtime.Serving;

/// <summary>Lanes that requests run on, one request a lane at a time, made when first needed and kept; further requests wait, in order.</summary>
/// <param name="size">Lanes at once.</param>
/// <param name="make">Makes a lane.</param>
internal sealed class LanePool<TLane>(int size, Func<TLane> make) : IDisposable
    where TLane : class, IDisposable
{
    private readonly SemaphoreSlim _slots = new(size, size);
    private readonly ConcurrentBag<TLane> _idle = [];
    private bool _disposed;

    public int Size { get; } = size;

    /// <summary>Runs one request on the thread pool.</summary>
    public async Task<TResult> RunAsync<TResult>(Func<TLane, CancellationToken, TResult> run, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        await _slots.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => Run(run, cancellation), cancellation).ConfigureAwait(false);
        }
        finally
        {
            _slots.Release();
        }
    }

    /// <summary>Runs many requests, a lane's number at once, and gives the results in the requests' order.</summary>
    public async IAsyncEnumerable<TResult> RunManyAsync<TRequest, TResult>(
        IEnumerable<TRequest> requests, Func<TLane, TRequest, CancellationToken, TResult> run, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = new Queue<Task<TResult>>();
        try
        {
            foreach (TRequest request in requests)
            {
                running.Enqueue(RunAsync((lane, token) => run(lane, request, token), stop.Token));
                if (running.Count > 2 * Size)
                {
                    yield return await running.Dequeue().ConfigureAwait(false);
                }
            }

            while (running.TryDequeue(out Task<TResult>? next))
            {
                yield return await next.ConfigureAwait(false);
            }
        }
        finally
        {
            // A caller who stops early, or an answer that failed, leaves nothing running behind.
            await stop.CancelAsync().ConfigureAwait(false);
            foreach (Task left in running)
            {
                await left.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Runs one request that tells text as it goes: first the pieces, then the result.</summary>
    public async IAsyncEnumerable<(TPiece? Piece, TResult? Result)> StreamAsync<TPiece, TResult>(
        Func<TLane, Action<TPiece>, CancellationToken, TResult> run, [EnumeratorCancellation] CancellationToken cancellation)
        where TResult : class
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var pieces = Channel.CreateUnbounded<TPiece>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        Task<TResult> running = RunToEnd();
        try
        {
            await foreach (TPiece piece in pieces.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
            {
                yield return (piece, null);
            }

            yield return (default, await running.ConfigureAwait(false));
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task<TResult> RunToEnd()
        {
            try
            {
                return await RunAsync((lane, token) => run(lane, piece => pieces.Writer.TryWrite(piece), token), stop.Token).ConfigureAwait(false);
            }
            finally
            {
                pieces.Writer.Complete();
            }
        }
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        while (_idle.TryTake(out TLane? lane))
        {
            lane.Dispose();
        }

        _slots.Dispose();
    }

    private TResult Run<TResult>(Func<TLane, CancellationToken, TResult> run, CancellationToken cancellation)
    {
        if (!_idle.TryTake(out TLane? lane))
        {
            lane = make();
        }

        try
        {
            return run(lane, cancellation);
        }
        finally
        {
            _idle.Add(lane);
        }
    }
}
