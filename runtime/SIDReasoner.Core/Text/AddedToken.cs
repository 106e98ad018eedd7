namespace SIDReasoner.Core.Text;

/// <summary>A token that is found in the text as a whole, before any merging.</summary>
/// <param name="Id">Its token id.</param>
/// <param name="Content">Its text.</param>
/// <param name="IsSpecial">Dropped by a decode that skips special tokens.</param>
/// <param name="IsNormalized">Looked for after normalization instead of before.</param>
/// <param name="StripsLeft">Takes blanks before it along.</param>
/// <param name="StripsRight">Takes blanks after it along.</param>
/// <param name="IsSingleWord">Found only where no letter, digit or underscore touches it.</param>
public sealed record AddedToken(int Id, string Content, bool IsSpecial = false, bool IsNormalized = true, bool StripsLeft = false, bool StripsRight = false, bool IsSingleWord = false);
