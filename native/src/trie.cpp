// Building and saving a trie, and what is computed from its arrays.
#include "trie.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "buffer.h"
#include "crc32c.h"
#include "status.h"
#include "trie_loops.h"

namespace sidr {
namespace {

// Memory that is not cleared first and is freed with the trie.
class HeapImage : public TrieStorage {
public:
    explicit HeapImage(std::uint64_t bytes) : data(static_cast<unsigned char*>(AllocateLarge(bytes))) {}
    ~HeapImage() override { std::free(data); }
    HeapImage(const HeapImage&) = delete;
    HeapImage& operator=(const HeapImage&) = delete;
    unsigned char* const data;
};

std::uint32_t BitsFor(std::uint64_t values) {
    std::uint32_t bits = 0;
    while (bits < 64 && (std::uint64_t{1} << bits) < values) bits++;
    return bits;
}

// The tokens of one level: ascending ids, and id -> rank + 1 (0 = no token).
class LevelTokens {
public:
    void Collect(const std::uint32_t* tokens, std::uint64_t items, std::uint32_t levels, std::uint32_t level) {
        std::uint32_t largest = 0;
        for (std::uint64_t i = 0; i < items; i++) {
            std::uint32_t token = tokens[i * levels + level];
            if (token != SIDR_TOKEN_NONE) largest = std::max(largest, token);
        }
        if (largest < (1u << 24)) {
            table_.assign(largest + 1, 0);
            for (std::uint64_t i = 0; i < items; i++) {
                std::uint32_t token = tokens[i * levels + level];
                if (token != SIDR_TOKEN_NONE) table_[token] = 1;
            }
            for (std::uint32_t token = 0; token <= largest; token++)
                if (table_[token]) {
                    ids.push_back(token);
                    table_[token] = static_cast<std::uint32_t>(ids.size());
                }
            return;
        }
        for (std::uint64_t i = 0; i < items; i++) {
            std::uint32_t token = tokens[i * levels + level];
            if (token != SIDR_TOKEN_NONE) ids.push_back(token);
        }
        std::sort(ids.begin(), ids.end());
        ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    }

    std::uint32_t Code(std::uint32_t token) const {
        if (token == SIDR_TOKEN_NONE) return 0;
        if (!table_.empty()) return table_[token];
        return static_cast<std::uint32_t>(std::lower_bound(ids.begin(), ids.end(), token) - ids.begin()) + 1;
    }

    std::vector<std::uint32_t> ids;

private:
    std::vector<std::uint32_t> table_;
};

// A SID's codes packed into words, most significant level first, so that comparing words compares SIDs; no level lies across words.
struct KeyLayout {
    std::uint32_t words = 1;
    std::uint32_t word[kMaxLevels], shift[kMaxLevels], bits[kMaxLevels], used[3] = {};

    KeyLayout(const LevelTokens* tokens, std::uint32_t levels) {
        std::uint32_t at = 0;
        for (std::uint32_t l = levels; l-- > 0;) {
            bits[l] = std::max(1u, BitsFor(tokens[l].ids.size() + 1));
            if (used[at] + bits[l] > 64) at++;
            word[l] = at;
            shift[l] = used[at];
            used[at] += bits[l];
        }
        words = at + 1;
    }
};

struct Sorted {
    Buffer<std::uint64_t> keys;  // [words][items], word 0 least significant
    Buffer<std::uint32_t> order;
    Sorted(std::uint64_t items, std::uint32_t words) : keys(items * words), order(items) {}
};

struct Entry {
    std::uint64_t key;
    std::uint32_t index;
};

// Stable radix sort, 11 bits a pass, least significant word first; equal keys stay in catalogue order.
void RadixSort(Sorted& sorted, std::uint64_t items, const KeyLayout& layout) {
    Buffer<Entry> a(items), b(items);
    for (std::uint64_t i = 0; i < items; i++) a[i].index = static_cast<std::uint32_t>(i);
    for (std::uint32_t w = 0; w < layout.words; w++) {
        const std::uint64_t* keys = sorted.keys.get() + w * items;
        for (std::uint64_t i = 0; i < items; i++) a[i].key = keys[a[i].index];
        std::uint32_t passes = (layout.used[w] + 10) / 11;
        for (std::uint32_t pass = 0; pass < passes; pass++) {
            std::uint32_t digit = (layout.used[w] + passes - 1) / passes, shift = pass * digit;
            std::uint64_t mask = (std::uint64_t{1} << digit) - 1;
            std::vector<std::uint64_t> start(std::size_t{1} << digit);
            for (std::uint64_t i = 0; i < items; i++) start[(a[i].key >> shift) & mask]++;
            std::uint64_t sum = 0;
            for (auto& s : start) {
                std::uint64_t count = s;
                s = sum;
                sum += count;
            }
            for (std::uint64_t i = 0; i < items; i++) b[start[(a[i].key >> shift) & mask]++] = a[i];
            a.swap(b);
        }
    }
    for (std::uint64_t i = 0; i < items; i++) sorted.order[i] = a[i].index;
    if (layout.words == 1)
        for (std::uint64_t i = 0; i < items; i++) sorted.keys[i] = a[i].key;
    else
        for (std::uint32_t w = 0; w < layout.words; w++) {
            Buffer<std::uint64_t> moved(items);
            std::uint64_t* keys = sorted.keys.get() + w * items;
            for (std::uint64_t i = 0; i < items; i++) moved[i] = keys[sorted.order[i]];
            std::memcpy(keys, moved.get(), items * 8);
        }
}

// Writes what SidrFirstChild reads; values ascend, and so do the nodes.
struct FirstChildWriter {
    std::uint32_t* base;
    std::uint16_t* low;
    void Set(std::uint64_t node, std::uint32_t value) {
        if (!low) {
            base[node] = value;
            return;
        }
        if (node % 64 == 0) base[node / 64] = value;
        low[node] = static_cast<std::uint16_t>(value - base[node / 64]);
    }
};

std::string SidText(const std::uint32_t* tokens, std::uint32_t levels) {
    std::string text = "(";
    for (std::uint32_t l = 0; l < levels && tokens[l] != SIDR_TOKEN_NONE; l++) text += (l ? ", " : "") + Str(tokens[l]);
    return text + ")";
}

// Writes sections into an image, in order.
class ImageWriter {
public:
    void Add(std::uint32_t kind, std::uint32_t depth, std::uint32_t element, std::uint64_t count) {
        sections_.push_back({kind, depth, 0, element * count, element, 0});
    }

    std::unique_ptr<HeapImage> Allocate() {
        std::uint64_t at = 64 + sections_.size() * sizeof(TrieSection);
        for (auto& s : sections_) {
            s.offset = AlignTo64(at);
            at = s.offset + s.bytes;
        }
        bytes = AlignTo64(at);
        auto image = std::make_unique<HeapImage>(bytes);
        data_ = image->data;
        std::uint64_t end = 0;
        for (auto& s : sections_) {
            std::memset(data_ + end, 0, s.offset - end);
            end = s.offset + s.bytes;
        }
        std::memset(data_ + end, 0, bytes - end);
        return image;
    }

    template <class T>
    T* At(std::uint32_t kind, std::uint32_t depth) {
        for (auto& s : sections_)
            if (s.kind == kind && s.depth == depth) return reinterpret_cast<T*>(data_ + s.offset);
        return nullptr;
    }

    void Finish(std::uint32_t levels, std::uint32_t flags, std::uint64_t items) {
        for (auto& s : sections_) s.crc = Crc32c(data_ + s.offset, s.bytes);
        std::memcpy(data_ + 64, sections_.data(), sections_.size() * sizeof(TrieSection));
        TrieHeader header = {};
        std::memcpy(header.magic, kTrieMagic, 8);
        header.major = kTrieMajor;
        header.header_bytes = 64;
        header.levels = levels;
        header.section_count = static_cast<std::uint32_t>(sections_.size());
        header.flags = flags;
        header.items = items;
        header.file_bytes = bytes;
        header.crc = Crc32c(data_ + 64, sections_.size() * sizeof(TrieSection), Crc32c(&header, sizeof header));
        std::memcpy(data_, &header, sizeof header);
    }

    std::uint64_t bytes = 0;

private:
    std::vector<TrieSection> sections_;
    unsigned char* data_ = nullptr;
};

}  // namespace

std::unique_ptr<Trie> Trie::Build(const std::uint32_t* tokens, std::uint64_t items, std::uint32_t levels, const std::uint32_t* columns,
                                  std::uint64_t column_count) {
    SIDR_REQUIRE(items >= 1 && items <= 0x7FFFFFFFu, "items is " + Str(items) + "; expected 1 to 2147483647.");
    SIDR_REQUIRE(levels >= 1 && levels <= kMaxLevels, "levels is " + Str(levels) + "; expected 1 to 8.");

    std::vector<LevelTokens> of(levels);
    for (std::uint32_t l = 0; l < levels; l++) {
        of[l].Collect(tokens, items, levels, l);
        SIDR_REQUIRE(!of[l].ids.empty(), "Level " + Str(l) + " has no token: no SID is that long. Give fewer levels.");
        SIDR_REQUIRE(of[l].ids.size() <= SIDR_MAX_CODES, "Level " + Str(l) + " has " + Str(of[l].ids.size()) + " different tokens; expected at most 65536.");
    }

    // Keys: word w of item i. Lengths are checked on the way.
    KeyLayout layout(of.data(), levels);
    Sorted sorted(items, layout.words);
    bool is_ragged = false;
    for (std::uint64_t i = 0; i < items; i++) {
        std::uint64_t words[3] = {};
        bool ended = false;
        for (std::uint32_t l = 0; l < levels; l++) {
            std::uint32_t token = tokens[i * levels + l];
            if (token == SIDR_TOKEN_NONE) {
                if (l == 0) Fail(SIDR_INVALID_ARGUMENT, "Item " + Str(i) + " has an empty SID; expected 1 to " + Str(levels) + " tokens.");
                ended = is_ragged = true;
            } else if (ended) {
                Fail(SIDR_INVALID_ARGUMENT, "Item " + Str(i) + " has a token after the end of its SID " + SidText(tokens + i * levels, levels) + ".");
            }
            words[layout.word[l]] |= std::uint64_t{of[l].Code(token)} << layout.shift[l];
        }
        for (std::uint32_t w = 0; w < layout.words; w++) sorted.keys[w * items + i] = words[w];
    }
    RadixSort(sorted, items, layout);

    // Depth at which each sorted SID leaves the one before it (levels = the same SID), and its length.
    Buffer<std::uint8_t> common(items), length(items);
    std::uint64_t nodes[kMaxLevels + 1] = {1}, ends[kMaxLevels + 1] = {};
    auto code = [&](std::uint64_t i, std::uint32_t l) {
        return static_cast<std::uint32_t>(sorted.keys[layout.word[l] * items + i] >> layout.shift[l]) & ((1u << layout.bits[l]) - 1);
    };
    std::uint64_t sids = 0;
    bool in_order = true;
    // Whether each depth's first children fit the packed form: less than 65,536 above that of the block of 64 nodes.
    bool packs[kMaxLevels];
    std::uint64_t block_start[kMaxLevels] = {};
    std::fill(packs, packs + kMaxLevels, true);
    for (std::uint64_t i = 0; i < items; i++) {
        std::uint32_t same = 0, size = levels;
        if (i > 0) {
            while (same < levels && code(i, same) == code(i - 1, same)) same++;
        }
        if (is_ragged) {
            size = 0;
            while (size < levels && code(i, size) != 0) size++;
            if (same >= size) same = static_cast<std::uint32_t>(levels);
            if (i > 0 && same == length[i - 1] && same < size)
                Fail(SIDR_INVALID_ARGUMENT, "SID " + SidText(tokens + std::uint64_t{sorted.order[i - 1]} * levels, levels) + " of item " + Str(sorted.order[i - 1]) +
                                                " is a prefix of SID " + SidText(tokens + std::uint64_t{sorted.order[i]} * levels, levels) + " of item " +
                                                Str(sorted.order[i]) + "; no SID may begin with another.");
        }
        common[i] = static_cast<std::uint8_t>(same);
        length[i] = static_cast<std::uint8_t>(size);
        for (std::uint32_t d = same + 1; d <= size; d++) {
            if (d < levels) {
                if (nodes[d] % 64 == 0) block_start[d] = nodes[d + 1];
                packs[d] &= nodes[d + 1] - block_start[d] <= 0xFFFF;
            }
            nodes[d]++;
        }
        if (same < levels) {
            ends[size]++;
            sids++;
        }
    }

    // Positions of the items in SID order: by length, then as sorted.
    std::uint64_t position[kMaxLevels + 1] = {};
    {
        std::uint64_t count[kMaxLevels + 1] = {}, sum = 0;
        for (std::uint64_t i = 0; i < items; i++) count[length[i]]++;
        for (std::uint32_t d = 1; d <= levels; d++) {
            position[d] = sum;
            sum += count[d];
        }
        std::uint64_t next[kMaxLevels + 1];
        std::memcpy(next, position, sizeof next);
        for (std::uint64_t i = 0; i < items && in_order; i++) in_order = next[length[i]]++ == sorted.order[i];
    }

    std::uint32_t flags = (is_ragged ? kTrieRagged : 0u) | (sids < items ? kTrieSharesSids : 0u) | (in_order ? 0u : kTrieReordersItems);
    std::vector<std::uint32_t> used;
    for (auto& level : of) used.insert(used.end(), level.ids.begin(), level.ids.end());
    std::sort(used.begin(), used.end());
    used.erase(std::unique(used.begin(), used.end()), used.end());
    if (columns) {
        for (std::uint64_t i = 1; i < column_count; i++)
            SIDR_REQUIRE(columns[i] > columns[i - 1], "sid_columns[" + Str(i) + "] is " + Str(columns[i]) + " after " + Str(columns[i - 1]) + "; expected ascending token ids.");
        for (std::uint32_t token : used)
            SIDR_REQUIRE(std::binary_search(columns, columns + column_count, token), "Token id " + Str(token) + " of a SID is not among the " + Str(column_count) + " sid_columns.");
        used.assign(columns, columns + column_count);
    }

    for (std::uint32_t d = 0; d < levels; d++) packs[d] &= nodes[d] % 64 == 0 || nodes[d + 1] - block_start[d] <= 0xFFFF;

    ImageWriter writer;
    for (std::uint32_t d = 0; d < levels; d++) writer.Add(kFirstChild, d, packs[d] ? 2 : 4, nodes[d] + 1);
    for (std::uint32_t d = 1; d <= levels; d++) writer.Add(kRank, d, of[d - 1].ids.size() <= 256 ? 1 : 2, nodes[d]);
    for (std::uint32_t d = 1; d <= levels; d++) writer.Add(kTokenOf, d, 4, of[d - 1].ids.size());
    for (std::uint32_t d = 1; d < levels; d++)
        if (ends[d] > 0) writer.Add(kEndRank, d, 4, nodes[d] + 1);
    if (flags & kTrieSharesSids) writer.Add(kItemStart, 0, 8, (items + 63) / 64);
    if (flags & kTrieReordersItems) writer.Add(kItemIds, 0, 8, ItemWords(items));
    writer.Add(kSidColumns, 0, 4, used.size());
    for (std::uint32_t d = 0; d < levels; d++)
        if (packs[d]) writer.Add(kFirstChildBase, d, 4, nodes[d] / 64 + 1);
    auto storage = writer.Allocate();

    FirstChildWriter first[kMaxLevels];
    void* rank[kMaxLevels + 1];
    std::uint64_t at[kMaxLevels + 1] = {};
    for (std::uint32_t d = 0; d < levels; d++)
        if (packs[d]) first[d] = {writer.At<std::uint32_t>(kFirstChildBase, d), writer.At<std::uint16_t>(kFirstChild, d)};
        else first[d] = {writer.At<std::uint32_t>(kFirstChild, d), nullptr};
    for (std::uint32_t d = 1; d <= levels; d++) {
        rank[d] = writer.At<void>(kRank, d);
        std::copy(of[d - 1].ids.begin(), of[d - 1].ids.end(), writer.At<std::uint32_t>(kTokenOf, d));
    }
    std::uint64_t* start = writer.At<std::uint64_t>(kItemStart, 0);
    std::uint64_t* ids = writer.At<std::uint64_t>(kItemIds, 0);
    std::uint32_t bits = ItemBits(items);
    if (ids) std::memset(ids, 0, ItemWords(items) * 8);
    if (start) std::memset(start, 0, (items + 63) / 64 * 8);
    first[0].Set(0, 0);
    for (std::uint64_t i = 0; i < items; i++) {
        if (common[i] < levels)
            for (std::uint32_t d = common[i] + 1u; d <= length[i]; d++) {
                std::uint32_t r = code(i, d - 1) - 1;
                if (of[d - 1].ids.size() <= 256) static_cast<std::uint8_t*>(rank[d])[at[d]] = static_cast<std::uint8_t>(r);
                else static_cast<std::uint16_t*>(rank[d])[at[d]] = static_cast<std::uint16_t>(r);
                if (d < levels) first[d].Set(at[d], static_cast<std::uint32_t>(at[d + 1]));
                at[d]++;
            }
        std::uint64_t p = position[length[i]]++;
        if (start && common[i] < levels) start[p / 64] |= std::uint64_t{1} << (p % 64);
        if (ids) {
            std::uint64_t bit = p * bits, id = sorted.order[i];
            ids[bit / 64] |= id << (bit % 64);
            if (bit % 64 + bits > 64) ids[bit / 64 + 1] |= id >> (64 - bit % 64);
        }
    }
    for (std::uint32_t d = 0; d < levels; d++) first[d].Set(nodes[d], static_cast<std::uint32_t>(nodes[d + 1]));
    for (std::uint32_t d = 1; d < levels; d++)
        if (ends[d] > 0) {
            std::uint32_t* end_rank = writer.At<std::uint32_t>(kEndRank, d);
            std::uint32_t running = 0;
            SidrFirstChild written = {first[d].base, first[d].low};
            for (std::uint64_t i = 0; i < nodes[d]; i++) {
                end_rank[i] = running;
                running += written[i] == written[i + 1];
            }
            end_rank[nodes[d]] = running;
        }
    std::copy(used.begin(), used.end(), writer.At<std::uint32_t>(kSidColumns, 0));
    writer.Finish(levels, flags, items);

    const unsigned char* data = storage->data;
    return FromImage(data, writer.bytes, "in memory", std::move(storage));
}

void Trie::Complete() {
    std::uint64_t tokens = 0;
    for (std::uint32_t d = 1; d <= shape.levels; d++) tokens += shape.tokens[d];
    columns.resize(tokens);
    std::uint32_t* column = columns.data();
    for (std::uint32_t d = 1; d <= shape.levels; d++) {
        arrays.column_of[d] = column;
        std::uint32_t c = 0, n = shape.tokens[d];
        for (std::uint32_t i = 0; i < n; i++) {
            while (arrays.sid_columns[c] != arrays.token_of[d][i]) c++;
            column[i] = c;
        }
        shape.low_column[0][d] = column[0];
        shape.high_column[0][d] = column[n - 1];
        shape.low_column[1][d] = arrays.token_of[d][0];
        shape.high_column[1][d] = arrays.token_of[d][n - 1];
        shape.column_base[d] = column[n - 1] - column[0] == n - 1 ? column[0] : ~0u;
        shape.token_base[d] = arrays.token_of[d][n - 1] - arrays.token_of[d][0] == n - 1 ? arrays.token_of[d][0] : ~0u;
        column += n;
    }
    std::uint64_t words = 0;
    for (std::uint32_t d = 1; d <= shape.levels; d++) {
        shape.filter_offset[d] = words;
        words += (shape.nodes[d] + 63) / 64;
    }
    shape.filter_offset[shape.levels + 1] = (words + 31) / 32 * 32;
    if (arrays.item_start) {
        sid_samples.resize((shape.sids + 63) / 64);
        TrieLoopsNow().sample(arrays.item_start, (shape.items + 63) / 64, sid_samples.data());
    }
}

void Trie::ItemRange(std::uint64_t sid, std::uint64_t* first, std::uint64_t* end) const {
    if (!arrays.item_start) {
        *first = sid;
        *end = sid + 1;
        return;
    }
    std::uint64_t at = sid_samples[sid / 64], word = at / 64;
    std::uint64_t bits = arrays.item_start[word] >> (at % 64) << (at % 64), words = (shape.items + 63) / 64;
    std::uint64_t left = sid % 64;
    auto next = [&]() {
        while (bits == 0) {
            if (++word >= words) return shape.items;
            bits = arrays.item_start[word];
        }
        std::uint64_t bit = static_cast<std::uint64_t>(__builtin_ctzll(bits));
        bits &= bits - 1;
        return word * 64 + bit;
    };
    *first = next();
    for (; left > 0; left--) *first = next();
    *end = next();
}

void Trie::Save(const std::string& path, const std::uint8_t* source_hash) const {
    std::string temporary = path + ".tmp-" + Str(getpid());
    int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) Fail(SIDR_FILE_ERROR, "Cannot write trie file " + Quoted(temporary) + ": " + std::strerror(errno) + ".");
    TrieHeader header;
    std::memcpy(&header, image, sizeof header);
    if (source_hash) std::memcpy(header.source_hash, source_hash, sizeof header.source_hash);
    else std::memset(header.source_hash, 0, sizeof header.source_hash);
    header.crc = 0;
    header.crc = Crc32c(image + 64, header.section_count * sizeof(TrieSection), Crc32c(&header, sizeof header));

    auto write_all = [file](const void* data, std::uint64_t bytes) {
        const char* p = static_cast<const char*>(data);
        while (bytes > 0) {
            ssize_t n = write(file, p, std::min<std::uint64_t>(bytes, std::uint64_t{1} << 30));
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return false;
            p += n;
            bytes -= static_cast<std::uint64_t>(n);
        }
        return true;
    };
    bool ok = write_all(&header, sizeof header) && write_all(image + sizeof header, shape.bytes - sizeof header) && fsync(file) == 0;
    int error = errno;
    if (close(file) != 0 && ok) {
        ok = false;
        error = errno;
    }
    if (ok && rename(temporary.c_str(), path.c_str()) != 0) {
        ok = false;
        error = errno;
    }
    if (!ok) {
        unlink(temporary.c_str());
        Fail(SIDR_FILE_ERROR, "Cannot write trie file " + Quoted(path) + ": " + std::strerror(error) + ".");
    }
}

}  // namespace sidr
