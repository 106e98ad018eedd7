using Microsoft.Extensions.AI;
using SIDReasoner.Core;
using SIDReasoner.Export.Bundles;
using SIDReasoner.TestSupport;
using Xunit;

namespace SIDReasoner.Runtime.GenAI.Tests;

public sealed class BundleChatClientTests : IDisposable
{
    private readonly RandomCheckpoint _checkpoint = RandomCheckpoint.CreateTalking(seed: 33);
    private readonly BundleChatClient _client;

    public BundleChatClientTests()
    {
        var bundle = Path.Combine(_checkpoint.Root, "bundle");
        BundleExporter.Export(new BundleExportOptions { Checkpoint = _checkpoint.Folder, Output = bundle });
        _client = new BundleChatClient(TextModel.Open(
            new RecommenderOptions { BundlePath = bundle, Threads = 1 }, (opened, _) => GenAiEngine.Load(opened, new GenAiEngineOptions { Threads = 1 })));
    }

    private TextModel Model => (TextModel)_client.GetService(typeof(TextModel))!;

    public void Dispose()
    {
        _client.Dispose();
        _checkpoint.Dispose();
    }

    [Fact]
    public async Task GetResponseAsync_Conversation_SaysWhatTheModelSays()
    {
        ChatMessage[] conversation = [new(ChatRole.System, "Be brief."), new(ChatRole.User, "Hi")];

        var response = await _client.GetResponseAsync(conversation, new ChatOptions { MaxOutputTokens = 15 });

        var expected = await Model.GenerateAsync(new TextRequest
        {
            Messages = [new Core.Text.ChatMessage("system", "Be brief."), new Core.Text.ChatMessage("user", "Hi")],
            MaxTokens = 15,
        });
        Assert.Equal("genai", expected.Engine);
        Assert.Equal(expected.Text, response.Text);
        Assert.Equal(expected.HasEnded ? ChatFinishReason.Stop : ChatFinishReason.Length, response.FinishReason);
        Assert.Equal(expected.PromptTokens + expected.TokenIds.Count, response.Usage!.TotalTokenCount);
        Assert.Empty(response.Messages[0].Contents.OfType<TextReasoningContent>());
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.8f)]
    public async Task GetStreamingResponseAsync_Reasoning_GivesThoughtThenTextInPieces(float? temperature)
    {
        ChatMessage[] conversation = [new(ChatRole.User, "abc")];
        var options = new ChatOptions { MaxOutputTokens = 20, Temperature = temperature, Seed = 4, Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Low } };
        var updates = new List<ChatResponseUpdate>();

        await foreach (var update in _client.GetStreamingResponseAsync(conversation, options))
            updates.Add(update);

        var whole = await _client.GetResponseAsync(conversation, options);
        var contents = updates.SelectMany(update => update.Contents).ToList();
        Assert.Equal(whole.Text, string.Concat(contents.OfType<TextContent>().Select(content => content.Text)));
        var thought = string.Concat(contents.OfType<TextReasoningContent>().Select(content => content.Text));
        Assert.NotEqual("", thought);
        Assert.Equal(string.Concat(whole.Messages[0].Contents.OfType<TextReasoningContent>().Select(content => content.Text)), thought);
        Assert.Equal(whole.FinishReason, updates[^1].FinishReason);
        Assert.Equal(whole.Usage!.TotalTokenCount, Assert.IsType<UsageContent>(Assert.Single(updates[^1].Contents)).Details.TotalTokenCount);
    }

    [Fact]
    public async Task GetResponseAsync_ThoughtHidden_IsThoughtButNotShown()
    {
        ChatMessage[] conversation = [new(ChatRole.User, "abc")];
        var reasoning = new ReasoningOptions { Effort = ReasoningEffort.Low, Output = ReasoningOutput.None };

        var response = await _client.GetResponseAsync(conversation, new ChatOptions { MaxOutputTokens = 5, Reasoning = reasoning });

        Assert.Empty(response.Messages[0].Contents.OfType<TextReasoningContent>());
        Assert.True(response.Usage!.ReasoningTokenCount > 0);
    }

    [Fact]
    public async Task GetResponseAsync_WhatABundleCannotDo_IsRefusedByName()
    {
        ChatMessage[] conversation = [new(ChatRole.User, "abc")];
        ChatMessage[] picture = [new(ChatRole.User, [new DataContent(new byte[] { 1 }, "image/png")])];

        async Task AssertRefused(string name, ChatMessage[] messages, ChatOptions? options = null)
        {
            var error = await Assert.ThrowsAsync<SidReasonerException>(() => _client.GetResponseAsync(messages, options));
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
        }

        await AssertRefused("stop sequences", conversation, new ChatOptions { StopSequences = ["x"] });
        await AssertRefused("JSON", conversation, new ChatOptions { ResponseFormat = ChatResponseFormat.Json });
        await AssertRefused("tools", conversation, new ChatOptions { Tools = [new HostedWebSearchTool()] });
        await AssertRefused("penalty", conversation, new ChatOptions { PresencePenalty = 0.5f });
        await AssertRefused("DataContent", picture);
    }

    [Fact]
    public void GetService_KnownTypes_AreFound()
    {
        Assert.Equal("sidreasoner", ((ChatClientMetadata)_client.GetService(typeof(ChatClientMetadata))!).ProviderName);
        Assert.Same(_client, _client.GetService(typeof(IChatClient)));
        Assert.Null(_client.GetService(typeof(string)));
        Assert.Null(_client.GetService(typeof(IChatClient), "key"));
    }
}
