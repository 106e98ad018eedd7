namespace SIDReasoner.Export.Decoder;

/// <summary>Which rows of the head the outputs use.</summary>
/// <param name="HeadWeight">Name of the head's tensor: <c>lm_head.weight</c>, or the embeddings' where they are tied.</param>
/// <param name="SidColumns">Token id of each column of <c>sid_logits</c>, ascending; empty leaves the output out.</param>
/// <param name="ReferenceEnd">Newline and end of turn; empty leaves <c>end_logits</c> out.</param>
internal sealed record HeadLayout(string HeadWeight, IReadOnlyList<int> SidColumns, IReadOnlyList<int> ReferenceEnd);
