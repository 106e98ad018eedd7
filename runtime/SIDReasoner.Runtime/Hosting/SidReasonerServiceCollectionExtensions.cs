using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using SIDReasoner.Runtime;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.Hosting;
using SIDReasoner.Runtime.Model;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts a <see cref="Recommender"/> into a host's services.</summary>
public static class SidReasonerServiceCollectionExtensions
{
    /// <summary>Adds one <see cref="Recommender"/> for all callers, opened on first use and disposed with the host.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets at least <see cref="RecommenderOptions.BundlePath"/>.</param>
    /// <param name="engine">Loads the bundle's decoder, as for <see cref="Recommender.Open"/>; null, the default, takes ONNX Runtime.</param>
    /// <returns><paramref name="services"/>, for chaining.</returns>
    /// <remarks>The options are validated when the host starts; a range broken there is an <see cref="OptionsValidationException"/>.</remarks>
    public static IServiceCollection AddSidReasoner(
        this IServiceCollection services, Action<RecommenderOptions> configure, Func<Bundle, RecommenderOptions, IDecoderEngine>? engine = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<RecommenderOptions>().Configure(configure).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RecommenderOptions>, RecommenderOptionsValidator>());
        services.TryAddSingleton(provider => Recommender.Open(provider.GetRequiredService<IOptions<RecommenderOptions>>().Value, engine));
        return services;
    }
}
