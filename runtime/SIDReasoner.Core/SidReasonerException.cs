namespace SIDReasoner.Core;

/// <summary>Bad input or a bad environment that the user can fix. Hosts print <see cref="Exception.Message"/> alone and exit with code 2.</summary>
public class SidReasonerException : Exception
{
    /// <summary>An error in one sentence: what is wrong, what was found, what was expected, what to do next.</summary>
    public SidReasonerException(string message)
        : base(message)
    {
    }

    /// <summary>The same with the exception that told us.</summary>
    public SidReasonerException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
