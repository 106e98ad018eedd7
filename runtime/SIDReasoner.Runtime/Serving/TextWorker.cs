using System.Diagnostics;
using SIDReasoner.Decoding;
using SIDReasoner.Decoding.Generation;
using SIDReasoner.Decoding.Thinking;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.Model;

namespace SIDReasoner.Runtime.Serving;

/// <summary>One lane of a text model: a KV cache and what generates, used by one request at a time.</summary>
internal sealed class TextWorker(Bundle bundle, TextAssets assets, IDecoderEngine engine) : IDisposable
{
    private readonly AdapterSessions _sessions = new(engine);
    private readonly ThinkingDecoder _thinking = new();
    private readonly TextGenerator _generator = new();

    public GeneratedText Run(TextRequest request, Action<TextPiece>? onPiece, CancellationToken cancellation)
    {
        long began = Stopwatch.GetTimestamp();
        (int[] prompt, ThinkingOptions? thinking, GenerationOptions generation) = TextRules.Prepare(request, bundle, assets);
        long prompted = Stopwatch.GetTimestamp();

        cancellation.ThrowIfCancellationRequested();
        IDecoderSession session = _sessions.For(request.Adapter);
        session.Rewind(0);
        try
        {
            StepOutputs outputs = TextGenerator.OutputsFor(generation);
            session.AppendTokens(prompt, thinking is null ? outputs : ThinkingDecoder.OutputsFor(thinking));
            long prefilled = Stopwatch.GetTimestamp();

            if (thinking is not null)
            {
                using var pieces = new PieceTeller(assets.Tokenizer, skipsSpecialTokens: false, Teller(onPiece, isThought: true));
                _thinking.Think(session, thinking, outputs, pieces.OnToken, cancellation);
            }

            Thought? thought = thinking is null ? null
                : new Thought(assets.Tokenizer!.Decode(_thinking.TokenIds), _thinking.TokenIds.ToArray(), _thinking.IsClosed, []);
            long thoughtUp = Stopwatch.GetTimestamp();

            int room = bundle.Manifest.Context - session.Length + 1;
            using (var pieces = new PieceTeller(assets.Tokenizer, skipsSpecialTokens: true, Teller(onPiece, isThought: false)))
            {
                _generator.Generate(session, generation with { MaxTokens = Math.Min(generation.MaxTokens, room) }, pieces.OnToken, cancellation);
            }

            long decoded = Stopwatch.GetTimestamp();
            return new GeneratedText
            {
                TokenIds = _generator.TokenIds.ToArray(),
                Text = assets.Tokenizer?.Decode(_generator.TextIds, skipsSpecialTokens: true),
                HasEnded = _generator.HasEnded,
                Thinking = thought,
                Stages = new TextStageTimes(Milliseconds(began, prompted), Milliseconds(prompted, prefilled), thinking is null ? 0 : Milliseconds(prefilled, thoughtUp), Milliseconds(thoughtUp, decoded)),
                PromptTokens = prompt.Length,
                PrefixTokens = session.ReusedTokens,
                Engine = engine.Name,
                Precision = engine.Precision,
            };
        }
        finally
        {
            // What an engine shares among its sessions, it may lend to the next one from here on.
            session.Rewind(0);
        }
    }

    public void Dispose() => _sessions.Dispose();

    private static Action<string>? Teller(Action<TextPiece>? onPiece, bool isThought) => onPiece is null ? null : text => onPiece(new TextPiece(text, isThought));

    private static double Milliseconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
}
