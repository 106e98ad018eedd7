using System.CommandLine;
using SIDReasoner.Train.Shop;

namespace SIDReasoner.Train.Hosting;

/// <summary><c>sidr-train shop</c>: the generated shop, so that nothing needs a download.</summary>
internal static class ShopCommand
{
    private const string Description =
        """
        Generates a shop: 1,000 items of category, brand, tier and color with titles, fact tables and Semantic IDs, and two splits of purchase
        histories. 'plain' can be learnt and popularity does not help; 'multi-hop' needs facts that no history shows. The same seed gives the
        same bytes on every machine.

        Writes DIR/index.json, item.json, info.txt (the catalogue), facts.json, and train.csv, valid.csv, test.csv in DIR/plain and DIR/multi-hop.
        """;

    /// <summary>Builds the command.</summary>
    public static Command Create()
    {
        var output = new Option<string>("--out") { Description = "Folder to write into; made where it is missing.", Required = true, HelpName = "DIR" };
        var seed = new Option<long>("--seed") { Description = "Seed of everything. Default 0.", HelpName = "N" };
        var users = new Option<int>("--train-users") { Description = "Training users a split. Default 4000.", HelpName = "N", DefaultValueFactory = _ => new ShopOptions().TrainUsers };
        var command = new Command("shop", Description) { output, seed, users };
        command.SetAction(parsed =>
        {
            string folder = parsed.GetRequiredValue(output);
            GeneratedShop shop = ShopGenerator.Generate(OptionChecks.Validated(new ShopOptions { Seed = parsed.GetValue(seed), TrainUsers = parsed.GetValue(users) }));
            shop.Write(folder);
            Console.Out.WriteLine($"Wrote '{folder}': {shop.Catalog.Items.Count} items, {shop.Plain.Train.Count} training users a split.");
            return 0;
        });
        return command;
    }
}
