using SIDReasoner.Export;

var parsed = ExportCommand.Create().Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine($"{parsed.Errors[0].Message} See sidr-export --help.");
    return ExportCommand.BadInput;
}

return parsed.Invoke();
