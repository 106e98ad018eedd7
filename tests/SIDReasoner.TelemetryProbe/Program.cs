using SIDReasoner.Decoding;
using SIDReasoner.Runtime.Bundles;
using SIDReasoner.Runtime.Model;

using var model = OnnxModel.Load(Bundle.Open(args[0]));
using var session = model.CreateSession();
session.AppendTokens([1, 2, 3], StepOutputs.Logits);
Console.WriteLine($"ran {session.Length} tokens");
