using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.GenAI;
using SIDReasoner.Runtime.Model;

// BUNDLE [ENGINE]
var bundle = Bundle.Open(args[0]);
using IDecoderEngine engine = args.ElementAtOrDefault(1) == GenAiEngine.EngineName ? GenAiEngine.Load(bundle) : OnnxModel.Load(bundle);
using var session = engine.CreateSession();
session.AppendTokens([1, 2, 3], StepOutputs.Logits);
Console.WriteLine($"ran {session.Length} tokens");
