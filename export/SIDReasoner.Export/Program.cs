Console.Error.WriteLine("sidr-export: the exporter lands with the next change.");
return 2;
