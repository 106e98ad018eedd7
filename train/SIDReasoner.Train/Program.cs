using SIDReasoner.Train.Native;

LibTorch.Start(threads: 0);
Console.WriteLine(TorchSharp.torch.ones(3).square().sum().item<float>());
