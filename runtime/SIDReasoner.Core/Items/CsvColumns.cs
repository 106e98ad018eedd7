using SIDReasoner.Core.SemanticIds;

namespace SIDReasoner.Core.Items;

/// <summary>The columns of an interaction csv that are used, and how a row is read with them.</summary>
internal sealed class CsvColumns
{
    private readonly List<string> _elements = [];

    private int _user;
    private int _historyIds;
    private int _targetId;
    private int _historySids;
    private int _targetSid;

    private bool UsesIds => _historyIds >= 0;

    /// <summary>Finds the columns by name, or reports what is missing and what was found.</summary>
    public static CsvColumns? Find(List<string> header, List<string> problems)
    {
        var names = header.Select(name => name.Trim()).ToList();
        var columns = new CsvColumns
        {
            _user = names.IndexOf("user_id"),
            _historyIds = names.IndexOf("history_item_id"),
            _targetId = names.IndexOf("item_id"),
            _historySids = names.IndexOf("history_item_sid"),
            _targetSid = names.IndexOf("item_sid"),
        };
        var missing = new List<string>();
        if (columns._user < 0)
            missing.Add("user_id");
        var anyId = columns._historyIds >= 0 || columns._targetId >= 0;
        if (anyId || columns._historySids < 0 || columns._targetSid < 0)
        {
            if (columns._historyIds < 0)
                missing.Add("history_item_id");
            if (columns._targetId < 0)
                missing.Add("item_id");
        }

        foreach (var twice in names.GroupBy(name => name).Where(group => group.Count() > 1))
            problems.Add($"column '{twice.Key}' occurs {twice.Count()} times; expected once.");
        foreach (var name in missing)
            problems.Add($"column '{name}' is missing; found {string.Join(", ", names.Select(found => $"'{found}'"))}.");
        return problems.Count == 0 ? columns : null;
    }

    /// <summary>A row, or null with problems.</summary>
    public Interaction? Read(List<string> fields, ItemCatalog catalog, List<string> problems)
    {
        var before = problems.Count;
        var history = new List<int>();
        var target = new List<int>();
        if (UsesIds)
        {
            ReadList(fields[_historyIds], "history_item_id", problems);
            foreach (var id in _elements)
                InteractionReader.AddItem(id, "history_item_id", catalog, history, problems);
            InteractionReader.AddItem(fields[_targetId].Trim(), "item_id", catalog, target, problems);
            if (problems.Count == before)
                CompareSids(fields, catalog, history, target[0], problems);
        }
        else
        {
            ReadList(fields[_historySids], "history_item_sid", problems);
            foreach (var sid in _elements)
                InteractionReader.AddSid(sid, "history_item_sid", catalog, history, problems);
            InteractionReader.AddSid(fields[_targetSid], "item_sid", catalog, target, problems);
        }

        return problems.Count == before ? new Interaction(fields[_user], history, target[0]) : null;
    }

    private void ReadList(string text, string column, List<string> problems)
    {
        if (!PythonList.TryParse(text, _elements, out var problem))
        {
            problems.Add($"{column} is no list ({problem}): '{(text.Length > 60 ? text[..60] + "..." : text)}'.");
            _elements.Clear();
        }
        else if (_elements.Count == 0)
        {
            problems.Add($"{column} is empty; expected at least one item.");
        }
    }

    private void CompareSids(List<string> fields, ItemCatalog catalog, List<int> history, int target, List<string> problems)
    {
        if (_targetSid >= 0)
            CompareSid(fields[_targetSid], "item_sid", catalog.Items[target], problems);
        if (_historySids < 0)
            return;
        ReadList(fields[_historySids], "history_item_sid", problems);
        if (_elements.Count > 0 && _elements.Count != history.Count)
            problems.Add($"history_item_sid has {_elements.Count} entries and history_item_id {history.Count}; expected as many.");
        for (var i = 0; i < Math.Min(_elements.Count, history.Count); i++)
            CompareSid(_elements[i], "history_item_sid", catalog.Items[history[i]], problems);
    }

    private static void CompareSid(string text, string column, Item item, List<string> problems)
    {
        if (text.Trim() == item.Sid.ToString())
            return;
        problems.Add(SemanticId.TryParse(text, out var sid)
            ? $"{column} is '{sid}', but item '{item.Id}' has SID '{item.Sid}' in the catalog. Use the catalog the file was made with."
            : $"{column} holds '{text}'; expected a SID such as '<a_12><b_3><c_7>'.");
    }
}
