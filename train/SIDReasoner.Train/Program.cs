using SIDReasoner.Train.Hosting;

return await TrainCommand.RunAsync(args).ConfigureAwait(false);
