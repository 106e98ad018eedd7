using Microsoft.Extensions.Options;

namespace SIDReasoner.Runtime.Hosting;

/// <summary>Checks the ranges written beside each option; generated, so that it works ahead of time too.</summary>
[OptionsValidator]
internal sealed partial class RecommenderOptionsValidator : IValidateOptions<RecommenderOptions>;
