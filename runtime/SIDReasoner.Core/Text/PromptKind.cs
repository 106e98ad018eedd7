namespace SIDReasoner.Core.Text;

/// <summary>How a prompt is made of a history.</summary>
public enum PromptKind
{
    /// <summary>Text around the SIDs, tokenized as a whole.</summary>
    Text,

    /// <summary>One control token, then the SID tokens of the history with nothing between; needs no text.</summary>
    Window,
}
