using System.Text.Json;
using SIDReasoner.Core.Text;
using SIDReasoner.Export.Bundles;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.Tests;

/// <summary>Chats of a real pretrained model, unchanged from its folder into a text-only bundle: the greedy text of every conversation.</summary>
public sealed class SmolChatGoldenTests : IDisposable
{
    private readonly string _temporary = Directory.CreateTempSubdirectory("sidr-smol-").FullName;

    [SkippableFact]
    [Trait("Category", "Slow")]
    public async Task GenerateAsync_Conversations_GiveTransformersGreedyText()
    {
        string golden = Path.Combine(GoldenCases.RequireData("models/smollm2-135m"), "golden.json");
        string checkpoint = Directory.CreateDirectory(Path.Combine(_temporary, "checkpoint")).FullName;
        string bundle = Path.Combine(_temporary, "bundle");
        HubFolders.WriteSmol(checkpoint);
        BundleExporter.Export(new BundleExportOptions { Checkpoint = checkpoint, Output = bundle });
        using var model = TextModel.Open(new RecommenderOptions { BundlePath = bundle, MaxParallel = 1 });
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllBytesAsync(golden));
        int compared = 0;

        foreach (JsonElement chat in document.RootElement.GetProperty("chat").EnumerateArray().Where(chat => chat.TryGetProperty("greedy_ids", out _)))
        {
            int[] expected = [.. chat.GetProperty("greedy_ids").EnumerateArray().Select(id => id.GetInt32())];
            var request = new TextRequest
            {
                Messages = [.. chat.GetProperty("messages").EnumerateArray().Select(ChatMessage.FromJson)],
                MaxTokens = expected[^1] == 2 ? 48 : expected.Length,
            };

            GeneratedText answer = await model.GenerateAsync(request);

            Assert.Equal(chat.GetProperty("ids").GetArrayLength(), answer.PromptTokens);
            Assert.Equal(expected, answer.TokenIds);
            Assert.Equal(chat.GetProperty("greedy_text").GetString(), answer.Text);
            Assert.Equal(expected[^1] == 2, answer.HasEnded);
            compared++;
        }

        Assert.True(compared > 0, "No conversation has a greedy text.");
    }

    public void Dispose() => Directory.Delete(_temporary, recursive: true);
}
