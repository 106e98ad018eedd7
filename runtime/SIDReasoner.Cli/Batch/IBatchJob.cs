using System.Text.Json;
using SIDReasoner.Core;

namespace SIDReasoner.Cli.Batch;

/// <summary>What a batch run does with its lines; reading, order, progress and resuming are <see cref="BatchRun"/>'s.</summary>
/// <typeparam name="TRequest">What a line asks.</typeparam>
/// <typeparam name="TAnswer">What comes of it.</typeparam>
internal interface IBatchJob<TRequest, TAnswer>
{
    /// <summary>A line's fields besides id, exactly one of which is given.</summary>
    IReadOnlyList<string> Fields { get; }

    /// <summary>Everything that must be the same for a run to be gone on with, besides the input.</summary>
    string Fingerprint { get; }

    /// <summary>Reads a line's one field.</summary>
    /// <param name="field">One of <see cref="Fields"/>.</param>
    /// <param name="value">Its value.</param>
    /// <returns>The request.</returns>
    /// <exception cref="SidReasonerException">What was found and expected.</exception>
    TRequest Parse(string field, JsonElement value);

    /// <summary>Checks a request without computing anything.</summary>
    /// <param name="request">The request.</param>
    /// <exception cref="SidReasonerException">What was found and expected.</exception>
    void Validate(TRequest request);

    /// <summary>Answers in the requests' order.</summary>
    /// <param name="requests">The requests.</param>
    /// <param name="cancellation">Ends the run.</param>
    /// <returns>One answer a request.</returns>
    IAsyncEnumerable<TAnswer> AnswerAsync(IEnumerable<TRequest> requests, CancellationToken cancellation);

    /// <summary>Writes an answer's fields behind the id.</summary>
    /// <param name="json">Inside the line's object.</param>
    /// <param name="answer">The answer.</param>
    void Write(Utf8JsonWriter json, TAnswer answer);
}
