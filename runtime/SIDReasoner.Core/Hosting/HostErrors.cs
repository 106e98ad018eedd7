namespace SIDReasoner.Core.Hosting;

/// <summary>How every command-line host ends: one message and an exit code, never a stack trace.</summary>
public static class HostErrors
{
    /// <summary>Bad input or a bad environment: the message says what to change.</summary>
    public const int BadInput = 2;

    /// <summary>Something this program did not expect.</summary>
    public const int Unexpected = 1;

    /// <summary>Stopped by the user (128 + SIGINT).</summary>
    public const int Interrupted = 130;

    /// <summary>Runs a command and turns what it throws into a message and an exit code.</summary>
    /// <param name="command">The command; its result is the exit code.</param>
    /// <param name="error">Receives the message, one line or a list.</param>
    /// <returns>The exit code: the command's own, <see cref="BadInput"/>, <see cref="Interrupted"/> or <see cref="Unexpected"/>.</returns>
    public static async Task<int> RunAsync(Func<Task<int>> command, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(error);
        try
        {
            return await command().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("Stopped.").ConfigureAwait(false);
            return Interrupted;
        }
        catch (Exception exception) when (exception is SidReasonerException or IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"error: {exception.Message}").ConfigureAwait(false);
            return BadInput;
        }
        catch (Exception exception) when (!WantsStackTrace)
        {
            await error.WriteLineAsync($"error: {exception.GetType().Name}: {exception.Message}").ConfigureAwait(false);
            await error.WriteLineAsync("  This was not expected; please report it. SIDR_STACK_TRACE=1 shows where it happened.").ConfigureAwait(false);
            return Unexpected;
        }
    }

    /// <summary>Reports a command line that does not parse.</summary>
    /// <param name="program">The host's name.</param>
    /// <param name="problems">What the parser found.</param>
    /// <param name="error">Receives the problems and where help is.</param>
    /// <returns><see cref="BadInput"/>.</returns>
    public static int BadUsage(string program, IEnumerable<string> problems, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(problems);
        ArgumentNullException.ThrowIfNull(error);
        error.WriteLine($"error: {string.Join(' ', problems)} See {program} --help.");
        return BadInput;
    }

    private static bool WantsStackTrace => Environment.GetEnvironmentVariable("SIDR_STACK_TRACE") == "1";
}
