using System.ComponentModel.DataAnnotations;
using SIDReasoner.Core;

namespace SIDReasoner.Train.Hosting;

/// <summary>Checks option records by their annotated ranges.</summary>
internal static class OptionChecks
{
    /// <summary>Returns the options, or says everything that is out of range.</summary>
    /// <exception cref="SidReasonerException">A property is out of its range.</exception>
    public static T Validated<T>(T options)
        where T : class
    {
        var problems = new List<ValidationResult>();
        if (!Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true))
        {
            throw new SidReasonerException(string.Join(" ", problems.Select(problem => problem.ErrorMessage)));
        }

        return options;
    }
}
