// The trie against a dictionary of prefixes; its file against every kind of damage; filters against the items themselves.
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "reference.h"

using namespace test;

namespace {

std::string Folder() {
    static std::string folder = [] {
        char name[] = "/tmp/sidr-trie-XXXXXX";
        return std::string(mkdtemp(name));
    }();
    return folder;
}

std::vector<char> Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::vector<char>(std::istreambuf_iterator<char>(file), {});
}

void Write(const std::string& path, const char* data, std::size_t bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(data, static_cast<std::streamsize>(bytes));
}

void Poke(const std::string& path, std::size_t at, char value) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(value);
}

void CheckAgainst(const Reference& reference, const sidr_trie* trie, const Catalog& catalog, const char* name) {
    sidr_trie_info info = {};
    info.size = sizeof info;
    OK(sidr_trie_get_info(trie, &info));
    CHECK(info.levels == catalog.levels && info.items == catalog.sids.size() && info.sids == reference.items.size(), "%s: sizes", name);
    CHECK(info.column_count == catalog.columns.size(), "%s: columns", name);
    for (std::uint32_t d = 0; d <= info.levels; d++) {
        CHECK(info.nodes[d] == reference.prefixes[d].size(), "%s: nodes of depth %u", name, d);
        for (std::uint32_t n = 0; n < reference.prefixes[d].size(); n++) {
            const auto& prefix = reference.prefixes[d][n];
            std::uint32_t found = 0;
            OK(sidr_trie_find(trie, prefix.data(), d, &found));
            CHECK(found == n, "%s: depth %u node %u is %u", name, d, n, found);
            if (d < info.levels) {
                std::vector<std::uint32_t> expected = reference.Children(d, n), tokens(expected.size() + 1);
                std::uint32_t first = 0, count = 0;
                OK(sidr_trie_children(trie, d, n, &first, &count, tokens.data(), static_cast<std::uint32_t>(tokens.size())));
                tokens.resize(count);
                CHECK(tokens == expected, "%s: children of depth %u node %u", name, d, n);
                for (std::uint32_t i = 0; i < expected.size(); i++) CHECK(reference.Child(d, n, expected[i]) == first + i, "%s: child", name);
            }
            std::uint32_t count = 0;
            if (d > 0 && reference.IsEnd(d, n)) {
                const auto& items = reference.items.at(prefix);
                std::vector<std::uint32_t> mine(items.size() + 1);
                OK(sidr_trie_items(trie, d, n, &count, mine.data(), static_cast<std::uint32_t>(mine.size())));
                mine.resize(count);
                CHECK(mine == items, "%s: items of depth %u node %u", name, d, n);
            } else {
                CHECK(sidr_trie_items(trie, d, n, &count, nullptr, 0) == SIDR_INVALID_ARGUMENT, "%s: an inner node has items", name);
            }
        }
    }
    std::uint32_t unknown[] = {4000000000u}, found = 0;
    OK(sidr_trie_find(trie, unknown, 1, &found));
    CHECK(found == SIDR_NODE_DEAD, "%s: an unknown token", name);
}

Catalog RandomCatalog(Random& random, std::uint32_t items) {
    static const std::uint32_t codes[] = {1, 3, 16, 256, 300, 2000};
    std::uint32_t n = codes[random.Below(6)];
    return MakeCatalog(random, 1 + random.Below(items), 1 + random.Below(8), n, random.Chance(0.1) ? 3000000000u : random.Below(100000), random.Chance(0.3) ? 0 : n, random.Chance(0.5),
                       random.Chance(0.5) ? 0.2 : 0.0, random.Chance(0.5) ? 1.0 : 4.0, random.Below(20));
}

void RandomTries() {
    std::string path = Folder() + "/catalog.sidtrie", again = Folder() + "/again.sidtrie";
    for (std::uint32_t seed = 1; seed <= 60; seed++) {
        Random random(seed);
        Catalog catalog = RandomCatalog(random, 400);
        Reference reference(catalog);
        TrieHandle built = Build(catalog);
        std::string name = "seed " + std::to_string(seed);
        CheckAgainst(reference, built.trie, catalog, name.c_str());

        std::uint8_t hash[16];
        for (auto& h : hash) h = static_cast<std::uint8_t>(random.Below(256));
        OK(sidr_trie_save(built.trie, path.c_str(), hash));
        sidr_trie* opened = nullptr;
        OK(sidr_trie_open(path.c_str(), &opened));
        TrieHandle handle(opened);
        CheckAgainst(reference, opened, catalog, (name + " reopened").c_str());
        OK(sidr_trie_save(opened, again.c_str(), hash));
        CHECK(Read(path) == Read(again), "%s: writing what was read gives other bytes", name.c_str());
        CHECK(std::memcmp(Read(path).data() + 48, hash, 16) == 0, "%s: source hash", name.c_str());
        if (failures) break;
    }
}

// The catalogue's order changes the items' numbers only.
void OrderDoesNotMatter() {
    Random random(3);
    Catalog a = MakeCatalog(random, 300, 3, 20, 0, 20, false, 0, 1, 0), b = a;
    std::reverse(b.sids.begin(), b.sids.end());
    TrieHandle ta = Build(a), tb = Build(b);
    for (std::size_t i = 0; i < a.sids.size(); i++) {
        std::uint32_t na = 0, nb = 0;
        OK(sidr_trie_find(ta.trie, a.sids[i].data(), 3, &na));
        OK(sidr_trie_find(tb.trie, a.sids[i].data(), 3, &nb));
        CHECK(na == nb, "item %zu", i);
    }
}

// Every cut, thousands of flipped bits, and lies with a correct checksum: refused, by a sentence that names the file.
void Damage() {
    Random random(11);
    Catalog small = MakeCatalog(random, 12, 3, 4, 7, 4, true, 0.3, 1, 1), shared = MakeCatalog(random, 3000, 3, 40, 7, 40, true, 0.3, 1, 5);
    std::string path = Folder() + "/damaged.sidtrie";
    auto refused = [&](const char* what, std::size_t where) {
        sidr_trie* trie = nullptr;
        sidr_status status = sidr_trie_open(path.c_str(), &trie);
        CHECK(status == SIDR_BAD_FILE, "%s at %zu: status %d", what, where, status);
        CHECK(LastError().find("damaged.sidtrie") != std::string::npos, "%s: '%s'", what, LastError().c_str());
        sidr_trie_close(trie);
    };
    {
        TrieHandle trie = Build(small);
        OK(sidr_trie_save(trie.trie, path.c_str(), nullptr));
        std::vector<char> bytes = Read(path);
        for (std::size_t cut = 0; cut < bytes.size(); cut++) {
            Write(path, bytes.data(), cut);
            refused("cut", cut);
        }
        std::vector<char> longer = bytes;
        longer.push_back(0);
        Write(path, longer.data(), longer.size());
        refused("grown", longer.size());
    }
    for (const Catalog* catalog : {&small, &shared}) {
        TrieHandle trie = Build(*catalog);
        OK(sidr_trie_save(trie.trie, path.c_str(), nullptr));
        std::vector<char> bytes = Read(path);
        for (int i = 0; i < 5000; i++) {
            std::size_t at = catalog == &small && i < static_cast<int>(bytes.size()) ? static_cast<std::size_t>(i) : random.Below(bytes.size());
            if (at >= 48 && at < 64 && i % 2 == 0) at = 0;
            Poke(path, at, static_cast<char>(bytes[at] ^ (1 << random.Below(8))));
            refused("flip", at);
            Poke(path, at, bytes[at]);
        }
        CHECK(Read(path) == bytes, "the file is whole again");
    }
    sidr_trie* none = nullptr;
    CHECK(sidr_trie_open((Folder() + "/absent.sidtrie").c_str(), &none) == SIDR_FILE_ERROR, "an absent file");
    CHECK(LastError().find("absent.sidtrie") != std::string::npos, "'%s'", LastError().c_str());
}

std::uint32_t Crc(const char* p, std::size_t bytes) {
    std::uint32_t crc = ~0u;
    for (; bytes > 0; bytes--, p++) {
        crc ^= static_cast<unsigned char>(*p);
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? 0x82F63B78u : 0u);
    }
    return ~crc;
}

struct Section {
    std::uint32_t kind, depth;
    std::uint64_t offset, bytes;
    std::uint32_t element, crc;
};

std::vector<Section> Table(const std::vector<char>& file) {
    std::uint32_t count;
    std::memcpy(&count, file.data() + 20, 4);
    std::vector<Section> table(count);
    std::memcpy(table.data(), file.data() + 64, count * sizeof(Section));
    return table;
}

// Gives a file whose sections were changed the checksums that belong to them.
void Mend(std::vector<char>& file) {
    std::vector<Section> table = Table(file);
    for (Section& s : table) s.crc = Crc(file.data() + s.offset, s.bytes);
    std::memcpy(file.data() + 64, table.data(), table.size() * sizeof(Section));
    std::memset(file.data() + 28, 0, 4);
    std::uint32_t crc = Crc(file.data(), 64 + table.size() * sizeof(Section));
    std::memcpy(file.data() + 28, &crc, 4);
}

// A writer's mistake: contents that are wrong under checksums that are right. Refused, or a sound tree in which every item is found once.
void Mistakes() {
    Random random(12);
    std::string path = Folder() + "/mistake.sidtrie";
    for (bool ragged : {false, true}) {
        Catalog catalog = MakeCatalog(random, 100, 2, 90, 7, 90, ragged, 0.3, 1, 1);
        TrieHandle built = Build(catalog);
        OK(sidr_trie_save(built.trie, path.c_str(), nullptr));
        std::vector<char> whole = Read(path);
        std::uint32_t refused = 0, tried = 0;
        for (const Section& s : Table(whole))
            for (std::uint64_t bit = 0; bit < s.bytes * 8; bit++) {
                std::vector<char> bytes = whole;
                bytes[s.offset + bit / 8] = static_cast<char>(bytes[s.offset + bit / 8] ^ (1 << (bit % 8)));
                Mend(bytes);
                Write(path, bytes.data(), bytes.size());
                sidr_trie* opened = nullptr;
                sidr_status status = sidr_trie_open(path.c_str(), &opened);
                TrieHandle handle(opened);
                tried++;
                CHECK(status == SIDR_BAD_FILE || (status == SIDR_OK && s.kind != 4), "kind %u bit %llu: status %d", s.kind, static_cast<unsigned long long>(bit), status);
                if (status != SIDR_OK) {
                    refused++;
                    continue;
                }
                sidr_trie_info info = {};
                info.size = sizeof info;
                OK(sidr_trie_get_info(opened, &info));
                std::vector<std::uint32_t> times(catalog.sids.size());
                for (std::uint32_t d = 1; d <= info.levels; d++)
                    for (std::uint32_t n = 0; n < info.nodes[d]; n++) {
                        std::uint32_t items[128], count = 0;
                        if (sidr_trie_items(opened, d, n, &count, items, 128) != SIDR_OK) continue;
                        for (std::uint32_t i = 0; i < count && i < 128; i++)
                            if (items[i] < times.size()) times[items[i]]++;
                            else CHECK(false, "item %u", items[i]);
                    }
                CHECK(std::count(times.begin(), times.end(), 1u) == static_cast<long>(times.size()), "kind %u bit %llu: not every item once", s.kind, static_cast<unsigned long long>(bit));
            }
        CHECK(refused > tried / 2, "%u of %u refused", refused, tried);
    }
}

// Long enough for pieces on several threads; each mistake in the last piece, and an older format.
void LongFiles() {
    Random random(13);
    std::string path = Folder() + "/long.sidtrie";
    const std::uint32_t items = 1000000;
    for (std::uint32_t codes : {256u, 2048u, 8192u}) {
        std::vector<std::uint32_t> tokens(std::size_t{items} * 3);
        for (std::size_t i = 0; i < tokens.size(); i++) tokens[i] = static_cast<std::uint32_t>(i % 3) * codes + random.Below(codes);
        sidr_trie_build_args args = {};
        args.size = sizeof args;
        args.items = items;
        args.levels = 3;
        args.tokens = tokens.data();
        sidr_trie* built = nullptr;
        OK(sidr_trie_build(&args, &built));
        TrieHandle handle(built);
        sidr_trie_info info = {};
        info.size = sizeof info;
        OK(sidr_trie_get_info(built, &info));
        CHECK(info.bytes <= 10ull * items, "%u codes: %llu bytes for %u items in random order; expected at most 10 an item", codes, static_cast<unsigned long long>(info.bytes), items);
        if (codes != 2048) continue;

        OK(sidr_trie_save(built, path.c_str(), nullptr));
        std::vector<char> whole = Read(path);
        std::vector<Section> table = Table(whole);
        auto attempt = [&](const char* what, const char* word, auto change) {
            std::vector<char> bytes = whole;
            change(bytes);
            Write(path, bytes.data(), bytes.size());
            sidr_trie* opened = nullptr;
            sidr_status status = sidr_trie_open(path.c_str(), &opened);
            CHECK(status == (word ? SIDR_BAD_FILE : SIDR_OK), "%s: status %d, %s", what, status, LastError().c_str());
            if (word) CHECK(LastError().find(word) != std::string::npos, "%s: '%s' does not say '%s'", what, LastError().c_str(), word);
            sidr_trie_close(opened);
        };
        attempt("as written", nullptr, [](std::vector<char>&) {});
        attempt("version 1", "version 1.0; expected version 2", [](std::vector<char>& b) { b[8] = 1; });
        for (const Section& s : table) {
            if (s.bytes < 100000) continue;
            std::string name = "section " + std::to_string(s.kind);
            attempt(name.c_str(), "checksum", [&](std::vector<char>& b) { b[s.offset + s.bytes - 1] = static_cast<char>(b[s.offset + s.bytes - 1] ^ 1); });
            if (s.kind == 6)
                attempt("an item twice", "item_ids", [&](std::vector<char>& b) {
                    std::memcpy(b.data() + s.offset + s.bytes - 40, b.data() + s.offset + s.bytes - 80, 20);
                    Mend(b);
                });
            if (s.kind == 1)
                attempt("a fall", "never fall", [&](std::vector<char>& b) {
                    b[s.offset + s.bytes - 39] = static_cast<char>(b[s.offset + s.bytes - 39] ^ 0x80);
                    Mend(b);
                });
            if (s.kind == 2 && s.depth == 3)
                attempt("a rank out of range", "ranks", [&](std::vector<char>& b) {
                    b[s.offset + s.bytes - 1] = static_cast<char>(0xFF);
                    Mend(b);
                });
        }
    }
}

// Each neighbour swapped or repeated, under checksums that are right: no place of a long run may escape the loops that take many values at once.
void Neighbours() {
    std::string path = Folder() + "/neighbours.sidtrie";
    std::vector<char> whole;
    auto refused = [&](const char* what, std::uint32_t n, std::uint32_t k, const char* word, auto change) {
        std::vector<char> bytes = whole;
        change(bytes.data());
        Mend(bytes);
        Write(path, bytes.data(), bytes.size());
        sidr_trie* opened = nullptr;
        sidr_status status = sidr_trie_open(path.c_str(), &opened);
        CHECK(status == SIDR_BAD_FILE && LastError().find(word) != std::string::npos, "%s, place %u of %u: status %d, '%s'", what, k, n, status, LastError().c_str());
        sidr_trie_close(opened);
    };
    auto find = [&](std::uint32_t kind, std::uint32_t depth) {
        for (const Section& s : Table(whole))
            if (s.kind == kind && s.depth == depth) return s;
        return Section{};
    };
    auto save = [&](const Catalog& catalog) {
        TrieHandle trie = Build(catalog);
        OK(sidr_trie_save(trie.trie, path.c_str(), nullptr));
        whole = Read(path);
        sidr_trie* opened = nullptr;
        OK(sidr_trie_open(path.c_str(), &opened));
        sidr_trie_close(opened);
    };
    // Node 0 of depth 1 has n children, node 1 some 40 or 300: ranks of one byte and of two.
    for (std::uint32_t n : {2u, 3u, 16u, 17u, 18u, 32u, 33u, 34u, 63u, 65u, 66u, 130u})
        for (std::uint32_t other : {40u, 300u}) {
            Catalog catalog;
            catalog.levels = 2;
            for (std::uint32_t c = 0; c < n; c++) catalog.sids.push_back({0, 2 + c});
            for (std::uint32_t c = 0; c < other; c++) catalog.sids.push_back({1, 2 + c});
            for (std::uint32_t c = 0; c < 2 + std::max(n, other); c++) catalog.columns.push_back(c);
            save(catalog);
            Section ranks = find(2, 2);
            CHECK(ranks.element == (std::max(n, other) > 256 ? 2u : 1u), "%u bytes a rank", ranks.element);
            for (std::uint32_t k = 0; k + 1 < n; k++) {
                refused("ranks swapped", n, k, "ascend", [&](char* b) { std::swap_ranges(b + ranks.offset + k * ranks.element, b + ranks.offset + (k + 1) * ranks.element, b + ranks.offset + (k + 1) * ranks.element); });
                refused("a rank repeated", n, k, "ascend", [&](char* b) { std::memcpy(b + ranks.offset + (k + 1) * ranks.element, b + ranks.offset + k * ranks.element, ranks.element); });
            }
        }
    // 200 nodes with two children each: their first children as two bytes above a base, and, behind 64 nodes of 1,041, as four.
    for (bool is_wide : {false, true}) {
        Catalog catalog;
        catalog.levels = 2;
        const std::uint32_t wide = is_wide ? 64 : 0;
        for (std::uint32_t p = 0; p < wide + 200; p++)
            for (std::uint32_t c = 0; c < (p < wide ? 1041u : 2u); c++) catalog.sids.push_back({p, 300 + c});
        for (std::uint32_t c = 0; c < 300 + (is_wide ? 1041u : 2u); c++) catalog.columns.push_back(c);
        save(catalog);
        Section first = find(1, 1);
        CHECK(first.element == (is_wide ? 4u : 2u), "%u bytes a first child", first.element);
        for (std::uint32_t i = wide + 1; i < wide + 200; i += is_wide ? 9 : 1) {
            std::uint32_t value = 0;
            std::memcpy(&value, whole.data() + first.offset + (i - 1) * first.element, first.element);
            bool begins_block = !is_wide && i % 64 == 0;
            value = begins_block ? 1 : value - 1;
            if (!begins_block && !is_wide && i % 64 == 1) continue;  // nothing is below the 0 of a block's first node
            refused("a first child that falls", 200, i, "first_child", [&](char* b) { std::memcpy(b + first.offset + i * first.element, &value, first.element); });
        }
    }
    // Items of few SIDs, 9 bits an item: neighbours swapped within a SID, and any item in another's place.
    Catalog catalog;
    catalog.levels = 1;
    for (std::uint32_t i = 0; i < 400; i++) catalog.sids.push_back({i * 7 % 3});
    catalog.columns = {0, 1, 2};
    save(catalog);
    Section ids = find(6, 0);
    auto bit = [&](char* b, std::uint32_t at) -> char& { return b[ids.offset + at / 8]; };
    auto get = [&](char* b, std::uint32_t k) {
        std::uint32_t value = 0;
        for (std::uint32_t j = 0; j < 9; j++) value |= static_cast<std::uint32_t>((bit(b, k * 9 + j) >> ((k * 9 + j) % 8)) & 1) << j;
        return value;
    };
    auto set = [&](char* b, std::uint32_t k, std::uint32_t value) {
        for (std::uint32_t j = 0; j < 9; j++) {
            std::uint32_t at = k * 9 + j;
            bit(b, at) = static_cast<char>((bit(b, at) & ~(1 << (at % 8))) | static_cast<char>(((value >> j) & 1) << (at % 8)));
        }
    };
    for (std::uint32_t k = 0; k + 1 < 400; k++) {
        std::uint32_t now = get(whole.data(), k), next = get(whole.data(), k + 1);
        if (now < next)
            refused("items swapped", 400, k, "ascend", [&](char* b) {
                set(b, k, next);
                set(b, k + 1, now);
            });
        for (std::uint32_t value : {next, 400u, 511u})
            refused("an item in another's place", 400, k, "item_ids", [&](char* b) { set(b, k, value); });
    }
}

// Long enough to be built in pieces by several threads: SIDs lead to their items, as a plain stable sort says. One-word and several-word keys, lengths that differ, the catalogue's own order.
void LargeBuilds() {
    struct Shape {
        std::uint32_t items, levels, codes, apart, step;  // token ids: level * apart + code * step
        bool is_ragged, is_sorted;
    };
    for (Shape shape : {Shape{360000, 3, 60, 100, 1, false, false}, Shape{360000, 3, 300, 300, 1, true, false}, Shape{360000, 3, 300, 0, 1, false, true}, Shape{140000, 8, 300, 1000, 1, true, false},
                        Shape{360000, 3, 300, 7, 100000, true, true}}) {
        Random random(shape.items + shape.codes);
        std::vector<std::vector<std::uint32_t>> sids(shape.items);
        for (auto& sid : sids) {
            sid.push_back(random.Below(shape.codes));
            std::uint32_t length = shape.is_ragged ? 1 + sid[0] % shape.levels : shape.levels;  // the first token gives the length: no SID begins another
            for (std::uint32_t l = 1; l < length; l++) sid.push_back(l * shape.apart + random.Below(shape.codes) * shape.step);
        }
        if (shape.is_sorted) std::stable_sort(sids.begin(), sids.end(), [](const auto& a, const auto& b) { return a.size() != b.size() ? a.size() < b.size() : a < b; });
        std::vector<std::uint32_t> tokens(std::size_t{shape.items} * shape.levels, SIDR_TOKEN_NONE), order(shape.items);
        for (std::uint32_t i = 0; i < shape.items; i++) {
            std::copy(sids[i].begin(), sids[i].end(), tokens.begin() + static_cast<std::ptrdiff_t>(std::size_t{i} * shape.levels));
            order[i] = i;
        }
        std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return sids[a] < sids[b]; });
        sidr_trie_build_args args = {};
        args.size = sizeof args;
        args.items = shape.items;
        args.levels = shape.levels;
        args.tokens = tokens.data();
        sidr_trie* built = nullptr;
        OK(sidr_trie_build(&args, &built));
        TrieHandle handle(built);
        std::vector<std::uint32_t> items;
        for (std::uint32_t i = 0, end = 0; i < shape.items && failures == 0; i = end) {
            const auto& sid = sids[order[i]];
            while (end < shape.items && sids[order[end]] == sid) end++;
            if (i % 4 != 0 && end < shape.items) continue;  // opening has checked that the items are a permutation
            std::uint32_t node = 0, count = 0;
            items.resize(end - i + 1);
            OK(sidr_trie_find(built, sid.data(), static_cast<std::uint32_t>(sid.size()), &node));
            OK(sidr_trie_items(built, static_cast<std::uint32_t>(sid.size()), node, &count, items.data(), static_cast<std::uint32_t>(items.size())));
            CHECK(count == end - i && std::equal(order.begin() + i, order.begin() + end, items.begin()), "%u items of %u codes: the SID of item %u", shape.items, shape.codes, order[i]);
        }
        // In the last piece: a mistake is named by the first item that has it.
        if (!shape.is_ragged || shape.is_sorted) continue;
        auto refused = [&](const char* word) {
            sidr_trie* none = nullptr;
            CHECK(sidr_trie_build(&args, &none) == SIDR_INVALID_ARGUMENT && LastError().find(word) != std::string::npos, "'%s' does not say '%s'", LastError().c_str(), word);
        };
        std::uint32_t* last = tokens.data() + std::size_t{shape.items - 1} * shape.levels;
        std::vector<std::uint32_t> kept(last, last + shape.levels);
        std::fill_n(last, shape.levels, SIDR_TOKEN_NONE);
        refused(("Item " + std::to_string(shape.items - 1) + " has an empty SID").c_str());
        last[1] = 1;
        refused("empty SID");
        last[0] = kept[0];
        last[1] = SIDR_TOKEN_NONE;
        last[2] = 7;
        refused("after the end of its SID");
        auto longest = std::max_element(sids.begin(), sids.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
        std::fill_n(last, shape.levels, SIDR_TOKEN_NONE);
        std::copy(longest->begin(), longest->end() - 1, last);
        refused(("of item " + std::to_string(shape.items - 1) + " is a prefix of").c_str());
    }
}

// 63 nodes of a block with more than 65,535 children: their numbers stay 32 bits wide.
void WideBlocks() {
    for (std::uint32_t second : {1040u, 1041u}) {
        Catalog catalog;
        catalog.levels = 2;
        for (std::uint32_t i = 0; i < 64 * second; i++) catalog.sids.push_back({i % 64, 64 + i / 64});
        for (std::uint32_t i = 0; i < 64 + second; i++) catalog.columns.push_back(i);
        Reference reference(catalog);
        TrieHandle trie = Build(catalog);
        CheckAgainst(reference, trie.trie, catalog, "wide blocks");
        std::string path = Folder() + "/wide.sidtrie";
        OK(sidr_trie_save(trie.trie, path.c_str(), nullptr));
        for (const Section& s : Table(Read(path)))
            if (s.kind == 1) CHECK(s.element == (second == 1041 && s.depth == 1 ? 4u : 2u), "depth %u of %u: %u bytes", s.depth, second, s.element);
    }
}

// The managed writer pins the same number (SidTrieFileTests): both write the same bytes. The header's checksum covers those of all sections.
void SameBytesAsManaged() {
    Catalog catalog;
    catalog.levels = 3;
    for (std::uint32_t i = 0; i < 3000; i++) {
        catalog.sids.push_back({i * 7919 % 50, 50 + i * 10007 % 300});
        if (i % 50 != 0) catalog.sids.back().push_back(350 + i * 3001 % 17);
    }
    for (std::uint32_t i = 0; i < 400; i++) catalog.columns.push_back(i);
    TrieHandle trie = Build(catalog);
    std::string path = Folder() + "/pinned.sidtrie";
    OK(sidr_trie_save(trie.trie, path.c_str(), nullptr));
    std::uint32_t crc;
    std::memcpy(&crc, Read(path).data() + 28, 4);
    CHECK(crc == 0xA737D2E2u, "0x%08X", crc);
}

void BadCatalogs() {
    auto build = [](std::vector<std::uint32_t> tokens, std::uint32_t levels, std::vector<std::uint32_t> columns, const char* word) {
        sidr_trie_build_args args = {};
        args.size = sizeof args;
        args.levels = levels;
        args.items = tokens.size() / levels;
        args.tokens = tokens.data();
        args.sid_columns = columns.empty() ? nullptr : columns.data();
        args.column_count = columns.size();
        sidr_trie* trie = nullptr;
        sidr_status status = sidr_trie_build(&args, &trie);
        CHECK(status == SIDR_INVALID_ARGUMENT, "%s: status %d", word, status);
        CHECK(LastError().find(word) != std::string::npos, "'%s' does not say '%s'", LastError().c_str(), word);
        sidr_trie_close(trie);
    };
    const std::uint32_t none = SIDR_TOKEN_NONE;
    build({none, none, 1, 2}, 2, {}, "empty SID");
    build({1, 2, 3, none, 3, 4}, 2, {}, "prefix");
    build({1, none, 2, none}, 2, {}, "no token");
    build({none, 1, 1, 2}, 2, {}, "empty SID");
    build({1, 2}, 2, {1, 3}, "Token id 2");
    build({1, 2}, 2, {2, 1}, "ascending");
    std::vector<std::uint32_t> many;
    for (std::uint32_t i = 0; i < 65537; i++) many.push_back(i);
    build(many, 1, {}, "65536");
}

void Filters() {
    for (std::uint32_t seed = 1; seed <= 40; seed++) {
        Random random(seed + 500);
        Catalog catalog = RandomCatalog(random, 500);
        Reference reference(catalog);
        TrieHandle trie = Build(catalog);
        std::size_t items = catalog.sids.size(), words = (items + 63) / 64;
        std::uint64_t node_words = 0;
        OK(sidr_filter_words(trie.trie, &node_words));

        // ((0 and not 1) or 2) and everything
        std::vector<std::uint64_t> bitmaps(3 * words), item_bits(words);
        for (auto& w : bitmaps) w = random.Next() & random.Next();
        std::int32_t program[] = {0, 1, SIDR_FILTER_NOT, SIDR_FILTER_AND, 2, SIDR_FILTER_OR, SIDR_FILTER_ALL, SIDR_FILTER_AND, SIDR_FILTER_NONE, SIDR_FILTER_OR};
        sidr_filter_evaluate_args args = {};
        args.size = sizeof args;
        args.bitmap_count = 3;
        args.bitmaps = bitmaps.data();
        args.program = program;
        args.length = 10;
        args.item_bits = item_bits.data();
        OK(sidr_filter_evaluate(trie.trie, &args));
        std::vector<std::uint64_t> node_bits(node_words, 0x5555);
        OK(sidr_filter_lift(trie.trie, item_bits.data(), node_bits.data(), nullptr));

        std::vector<std::set<std::uint32_t>> allowed(catalog.levels + 1);
        for (std::size_t i = 0; i < items; i++) {
            auto bit = [&](std::size_t k) { return ((bitmaps[k * words + i / 64] >> (i % 64)) & 1) != 0; };
            bool expected = (bit(0) && !bit(1)) || bit(2);
            CHECK((((item_bits[i / 64] >> (i % 64)) & 1) != 0) == expected, "seed %u item %zu", seed, i);
            if (!expected) continue;
            std::vector<std::uint32_t> prefix;
            for (std::uint32_t token : catalog.sids[i]) {
                prefix.push_back(token);
                allowed[prefix.size()].insert(reference.number[prefix.size()].at(prefix));
            }
        }
        std::uint64_t offset = 0;
        for (std::uint32_t d = 1; d <= catalog.levels; d++) {
            for (std::uint32_t n = 0; n < reference.prefixes[d].size(); n++)
                CHECK((((node_bits[offset + n / 64] >> (n % 64)) & 1) != 0) == (allowed[d].count(n) > 0), "seed %u depth %u node %u", seed, d, n);
            offset += (reference.prefixes[d].size() + 63) / 64;
        }
        auto refuse = [&](std::vector<std::int32_t> bad) {
            args.program = bad.data();
            args.length = static_cast<std::uint32_t>(bad.size());
            CHECK(sidr_filter_evaluate(trie.trie, &args) == SIDR_INVALID_ARGUMENT, "a bad program was accepted");
        };
        refuse({0, 1});
        refuse({3});
        refuse({SIDR_FILTER_NOT});
        refuse({0, SIDR_FILTER_AND});
        refuse({0, -6});
        refuse(std::vector<std::int32_t>(17, 0));
    }
}

}  // namespace

static int End() {
    std::string clean = "rm -rf '" + Folder() + "'";
    CHECK(std::system(clean.c_str()) == 0, "cleaning up");
    return Finish("trie_test");
}

// Everything; with the argument "threads" only what is large enough to run on several.
int main(int count, char** arguments) {
    if (count > 1 && std::string(arguments[1]) == "threads") {
        LongFiles();
        LargeBuilds();
        WideBlocks();
        return End();
    }
    CHECK(sidr_abi_version() == SIDR_ABI_VERSION, "version");
    for (std::uint32_t level : {std::uint32_t{SIDR_CPU_SCALAR}, std::uint32_t{SIDR_CPU_BEST}}) {  // the checks' loops are compiled for each
        OK(sidr_cpu_set(level));
        RandomTries();
        Mistakes();
        Neighbours();
        LongFiles();
    }
    OrderDoesNotMatter();
    Damage();
    LargeBuilds();
    WideBlocks();
    SameBytesAsManaged();
    BadCatalogs();
    Filters();
    return End();
}
