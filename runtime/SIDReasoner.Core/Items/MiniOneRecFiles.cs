namespace SIDReasoner.Core.Items;

/// <summary>The files of a catalogue as MiniOneRec writes it.</summary>
/// <param name="Index">Item id -> array of SID token texts.</param>
/// <param name="Item">Item id -> title, description, brand, categories; null where it is missing.</param>
/// <param name="Info">SID, tab, title, tab, item id a line; null where it is missing.</param>
internal sealed record MiniOneRecFiles(string Index, string? Item, string? Info);
