// Building a trie: sorted items are walked three times, each time shared by a few threads: to count nodes, to number children, to write ranks and items.
#include <array>
#include <cstdlib>
#include <cstring>

#include "buffer.h"
#include "crc32c.h"
#include "status.h"
#include "trie.h"
#include "trie_sort.h"

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

std::string SidText(const std::uint32_t* tokens, std::uint32_t levels) {
    std::string text = "(";
    for (std::uint32_t l = 0; l < levels && tokens[l] != SIDR_TOKEN_NONE; l++) text += (l ? ", " : "") + Str(tokens[l]);
    return text + ")";
}

// Crc32c, long data in pieces on several threads.
std::uint32_t Checksum(const unsigned char* data, std::uint64_t bytes) {
    constexpr std::uint64_t each = std::uint64_t{1} << 20;
    std::vector<std::uint32_t> crcs((bytes + each - 1) / each);
    Parallel(crcs.size(), ThreadsFor(bytes), [&](std::uint64_t p, unsigned) { crcs[p] = Crc32c(data + p * each, std::min(each, bytes - p * each)); });
    std::uint32_t crc = crcs.empty() ? 0 : crcs[0];
    for (std::uint64_t p = 1; p < crcs.size(); p++) crc = Crc32cJoin(crc, crcs[p], std::min(each, bytes - p * each));
    return crc;
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
        for (auto& s : sections_) s.crc = Checksum(data_ + s.offset, s.bytes);
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

// Ors values of `bits` bits into 64-bit words from a bit position on, a whole word at a time.
class BitWriter {
public:
    // is_shared: other threads write the words around this run; the words are 0 before. Otherwise the run begins at a word of its own.
    BitWriter(std::uint64_t* words, std::uint64_t at, bool is_shared) : word_(words + at / 64), at_(static_cast<std::uint32_t>(at % 64)), is_shared_(is_shared) {}
    void Put(std::uint64_t value, std::uint32_t bits) {
        pending_ |= value << at_;
        at_ += bits;
        if (at_ < 64) return;
        Flush();
        word_++;
        at_ -= 64;
        pending_ = at_ == 0 ? 0 : value >> (bits - at_);
    }
    void Finish() {
        if (at_ > 0) Flush();
    }

private:
    void Flush() {
        if (is_shared_) std::atomic_ref<std::uint64_t>(*word_).fetch_or(pending_, std::memory_order_relaxed);
        else *word_ = pending_;
    }
    std::uint64_t* word_;
    std::uint64_t pending_ = 0;
    std::uint32_t at_;
    bool is_shared_;
};

// Where each piece begins: its first node of each depth, and the position of its first item of each SID length.
struct Place {
    std::uint64_t nodes[kMaxLevels + 1] = {}, items[kMaxLevels + 1] = {};
};

template <class Sorted>
class TreeBuilder {
public:
    TreeBuilder(const std::uint32_t* tokens, const Sorted& sorted, const std::vector<LevelTokens>& of, const Pieces& pieces, bool is_ragged)
        : tokens_(tokens), sorted_(sorted), of_(of), pieces_(pieces), levels_(static_cast<std::uint32_t>(of.size())), is_ragged_(is_ragged), places_(pieces.count) {}

    // `columns` are written as sid_columns.
    std::unique_ptr<HeapImage> Write(const std::vector<std::uint32_t>& columns, std::uint64_t* bytes) {
        Count();
        bool in_order = IsInOrder();
        NumberChildren();
        std::uint64_t items = pieces_.items;
        std::uint32_t flags = (is_ragged_ ? kTrieRagged : 0u) | (sids_ < items ? kTrieSharesSids : 0u) | (in_order ? 0u : kTrieReordersItems);
        ImageWriter writer;
        for (std::uint32_t d = 0; d < levels_; d++) writer.Add(kFirstChild, d, packs_[d] ? 2 : 4, nodes_[d] + 1);
        for (std::uint32_t d = 1; d <= levels_; d++) writer.Add(kRank, d, of_[d - 1].ids.size() <= 256 ? 1 : 2, nodes_[d]);
        for (std::uint32_t d = 1; d <= levels_; d++) writer.Add(kTokenOf, d, 4, of_[d - 1].ids.size());
        for (std::uint32_t d = 1; d < levels_; d++)
            if (ends_[d] > 0) writer.Add(kEndRank, d, 4, nodes_[d] + 1);
        if (flags & kTrieSharesSids) writer.Add(kItemStart, 0, 8, (items + 63) / 64);
        if (flags & kTrieReordersItems) writer.Add(kItemIds, 0, 8, ItemWords(items));
        writer.Add(kSidColumns, 0, 4, columns.size());
        for (std::uint32_t d = 0; d < levels_; d++)
            if (packs_[d]) writer.Add(kFirstChildBase, d, 4, nodes_[d] / 64 + 1);
        auto image = writer.Allocate();
        WriteFirstChildren(writer);
        WriteRanksAndItems(writer);
        for (std::uint32_t d = 1; d <= levels_; d++) std::copy(of_[d - 1].ids.begin(), of_[d - 1].ids.end(), writer.At<std::uint32_t>(kTokenOf, d));
        std::copy(columns.begin(), columns.end(), writer.At<std::uint32_t>(kSidColumns, 0));
        writer.Finish(levels_, flags, items);
        *bytes = writer.bytes;
        return image;
    }

private:
    std::uint32_t Length(std::uint64_t i) const {
        std::uint32_t length = levels_;
        if (is_ragged_)
            for (length = 0; length < levels_ && sorted_.Code(i, length) != 0;) length++;
        return length;
    }
    // Levels shared with the SID before; all of them where it is the same SID. Short SIDs share the codes 0 behind their ends.
    std::uint32_t Same(std::uint64_t i) const { return i == 0 ? 0 : sorted_.Same(i); }

    [[noreturn]] void FailPrefix(std::uint64_t i) const {
        auto sid = [&](std::uint64_t k) { return SidText(tokens_ + std::uint64_t{sorted_.Item(k)} * levels_, levels_) + " of item " + Str(sorted_.Item(k)); };
        Fail(SIDR_INVALID_ARGUMENT, "SID " + sid(i - 1) + " is a prefix of SID " + sid(i) + "; no SID may begin with another.");
    }

    void Count() {
        std::vector<Place> counts(pieces_.count);
        std::vector<std::uint64_t> prefix(pieces_.count, ~std::uint64_t{0});
        std::vector<std::array<std::uint64_t, kMaxLevels + 1>> ends(pieces_.count);
        pieces_.Run([&](std::uint64_t piece, std::uint64_t i, std::uint64_t end) {
            std::uint64_t leaving[kMaxLevels + 1] = {};  // items by the levels they share with the one before
            Place& count = counts[piece];
            ends[piece].fill(0);
            for (; i < end; i++) {
                std::uint32_t same = Same(i), length = Length(i);
                if (is_ragged_ && i > 0 && same < length && same == Length(i - 1)) prefix[piece] = std::min(prefix[piece], i);
                count.items[length]++;
                if (same >= length) continue;
                ends[piece][length]++;
                if (!is_ragged_) leaving[same]++;
                else
                    for (std::uint32_t d = same + 1; d <= length; d++) count.nodes[d]++;
            }
            if (!is_ragged_)
                for (std::uint32_t d = 1; d <= levels_; d++) count.nodes[d] = count.nodes[d - 1] + leaving[d - 1];
        });
        for (std::uint64_t i : prefix)
            if (i != ~std::uint64_t{0}) FailPrefix(i);
        nodes_[0] = 1;
        std::uint64_t items[kMaxLevels + 1] = {}, sum = 0;
        for (std::uint64_t piece = 0; piece < pieces_.count; piece++)
            for (std::uint32_t d = 1; d <= levels_; d++) {
                places_[piece].nodes[d] = nodes_[d];
                nodes_[d] += counts[piece].nodes[d];
                ends_[d] += ends[piece][d];
                items[d] += counts[piece].items[d];
            }
        for (std::uint32_t d = 1; d <= levels_; d++) {  // short SIDs first
            sids_ += ends_[d];
            for (std::uint64_t piece = 0; piece < pieces_.count; piece++) {
                places_[piece].items[d] = sum;
                sum += counts[piece].items[d];
            }
        }
    }

    // Whether SID order is the catalogue's.
    bool IsInOrder() const {
        std::atomic<bool> in_order{true};
        pieces_.Run([&](std::uint64_t piece, std::uint64_t i, std::uint64_t end) {
            Place at = places_[piece];
            for (; i < end && in_order.load(std::memory_order_relaxed); i++)
                if (at.items[Length(i)]++ != sorted_.Item(i)) in_order = false;
        });
        return in_order;
    }

    // children_[d]: first child of each node of depth d; packs_[d]: whether the packed form holds them.
    void NumberChildren() {
        for (std::uint32_t d = 0; d < levels_; d++) children_.emplace_back(nodes_[d] + 1);
        pieces_.Run([&](std::uint64_t piece, std::uint64_t i, std::uint64_t end) {
            Place at = places_[piece];
            for (; i < end; i++) {
                std::uint32_t length = Length(i);
                for (std::uint32_t d = Same(i) + 1; d <= length; d++) {
                    if (d < levels_) children_[d][at.nodes[d]] = static_cast<std::uint32_t>(at.nodes[d + 1]);
                    at.nodes[d]++;
                }
            }
        });
        children_[0][0] = 0;
        for (std::uint32_t d = 0; d < levels_; d++) {
            Buffer<std::uint32_t>& child = children_[d];
            child[nodes_[d]] = static_cast<std::uint32_t>(nodes_[d + 1]);
            packs_[d] = true;
            for (std::uint64_t block = 0; block <= nodes_[d]; block += 64) packs_[d] &= child[std::min(block + 63, nodes_[d])] - child[block] <= 0xFFFF;
        }
    }

    void WriteFirstChildren(ImageWriter& writer) {
        for (std::uint32_t d = 0; d < levels_; d++) {
            const std::uint32_t* child = children_[d].get();
            std::uint64_t n = nodes_[d] + 1;
            if (packs_[d]) {
                std::uint16_t* low = writer.At<std::uint16_t>(kFirstChild, d);
                std::uint32_t* base = writer.At<std::uint32_t>(kFirstChildBase, d);
                for (std::uint64_t block = 0; block < n; block += 64) {
                    base[block / 64] = child[block];
                    for (std::uint64_t i = block; i < std::min(n, block + 64); i++) low[i] = static_cast<std::uint16_t>(child[i] - child[block]);
                }
            } else {
                std::memcpy(writer.At<std::uint32_t>(kFirstChild, d), child, n * 4);
            }
            if (d == 0 || ends_[d] == 0 || d == levels_) continue;
            std::uint32_t *end_rank = writer.At<std::uint32_t>(kEndRank, d), running = 0;
            for (std::uint64_t i = 0; i < n; i++) {
                end_rank[i] = running;
                if (i + 1 < n) running += child[i] == child[i + 1];
            }
        }
        children_.clear();
    }

    void WriteRanksAndItems(ImageWriter& writer) {
        std::uint8_t* narrow[kMaxLevels + 1] = {};
        std::uint16_t* wide[kMaxLevels + 1] = {};
        for (std::uint32_t d = 1; d <= levels_; d++)
            if (of_[d - 1].ids.size() <= 256) narrow[d] = writer.At<std::uint8_t>(kRank, d);
            else wide[d] = writer.At<std::uint16_t>(kRank, d);
        std::uint64_t* start = writer.At<std::uint64_t>(kItemStart, 0);
        std::uint64_t* ids = writer.At<std::uint64_t>(kItemIds, 0);
        std::uint32_t bits = ItemBits(pieces_.items);
        if (is_ragged_ && ids) std::memset(ids, 0, ItemWords(pieces_.items) * 8);
        if (is_ragged_ && start) std::memset(start, 0, (pieces_.items + 63) / 64 * 8);
        std::uint32_t first = is_ragged_ ? 1 : levels_, lowest = is_ragged_ ? 1 : 0;  // lengths there are; the code of rank 0
        pieces_.Run([&](std::uint64_t piece, std::uint64_t i, std::uint64_t end) {
            Place at = places_[piece];
            std::vector<BitWriter> starts, indexes;
            for (std::uint32_t length = first; length <= levels_; length++) {
                starts.emplace_back(start, at.items[length], is_ragged_);
                indexes.emplace_back(ids, at.items[length] * bits, is_ragged_);
            }
            for (; i < end; i++) {
                std::uint32_t same = Same(i), length = Length(i);
                for (std::uint32_t d = same + 1; d <= length; d++) {
                    std::uint32_t r = sorted_.Code(i, d - 1) - lowest;
                    if (narrow[d]) narrow[d][at.nodes[d]++] = static_cast<std::uint8_t>(r);
                    else wide[d][at.nodes[d]++] = static_cast<std::uint16_t>(r);
                }
                if (start) starts[length - first].Put(same < length, 1);
                if (ids) indexes[length - first].Put(sorted_.Item(i), bits);
            }
            if (start) for (BitWriter& each : starts) each.Finish();
            if (ids) for (BitWriter& each : indexes) each.Finish();
        });
    }

    const std::uint32_t* tokens_;
    const Sorted& sorted_;
    const std::vector<LevelTokens>& of_;
    const Pieces& pieces_;
    std::uint32_t levels_;
    bool is_ragged_;
    std::vector<Place> places_;
    std::uint64_t nodes_[kMaxLevels + 1] = {}, ends_[kMaxLevels + 1] = {}, sids_ = 0;
    std::vector<Buffer<std::uint32_t>> children_;
    bool packs_[kMaxLevels] = {};
};

// An item without a token, or with one behind its end: the first such item is named.
void CheckLengths(const std::uint32_t* tokens, std::uint32_t levels, const Pieces& pieces) {
    auto is_wrong = [&](std::uint64_t i) {
        const std::uint32_t* sid = tokens + i * levels;
        bool wrong = sid[0] == SIDR_TOKEN_NONE;
        for (std::uint32_t l = 1; l < levels; l++) wrong |= sid[l - 1] == SIDR_TOKEN_NONE && sid[l] != SIDR_TOKEN_NONE;
        return wrong;
    };
    std::vector<std::uint64_t> found(pieces.count, pieces.items);
    pieces.Run([&](std::uint64_t piece, std::uint64_t i, std::uint64_t end) {
        while (i < end && !is_wrong(i)) i++;
        if (i < end) found[piece] = i;
    });
    std::uint64_t i = *std::min_element(found.begin(), found.end());
    if (i == pieces.items) return;
    if (tokens[i * levels] == SIDR_TOKEN_NONE) Fail(SIDR_INVALID_ARGUMENT, "Item " + Str(i) + " has an empty SID; expected 1 to " + Str(levels) + " tokens.");
    Fail(SIDR_INVALID_ARGUMENT, "Item " + Str(i) + " has a token after the end of its SID " + SidText(tokens + i * levels, levels) + ".");
}

template <class Sorted>
std::unique_ptr<HeapImage> SortAndWrite(const std::uint32_t* tokens, const std::vector<LevelTokens>& of, const KeyLayout& layout, const Pieces& pieces, bool is_ragged,
                                        const std::vector<std::uint32_t>& columns, std::uint64_t* bytes) {
    Sorted sorted(tokens, of, layout, pieces);
    return TreeBuilder<Sorted>(tokens, sorted, of, pieces, is_ragged).Write(columns, bytes);
}

}  // namespace

std::unique_ptr<Trie> Trie::Build(const std::uint32_t* tokens, std::uint64_t items, std::uint32_t levels, const std::uint32_t* columns,
                                  std::uint64_t column_count) {
    SIDR_REQUIRE(items >= 1 && items <= 0x7FFFFFFFu, "items is " + Str(items) + "; expected 1 to 2147483647.");
    SIDR_REQUIRE(levels >= 1 && levels <= kMaxLevels, "levels is " + Str(levels) + "; expected 1 to 8.");
    Pieces pieces(items, levels);
    bool is_ragged = false;
    std::vector<LevelTokens> of = CollectTokens(tokens, levels, pieces, &is_ragged);
    std::vector<std::uint32_t> used;
    for (std::uint32_t l = 0; l < levels; l++) {
        SIDR_REQUIRE(!of[l].ids.empty(), "Level " + Str(l) + " has no token: no SID is that long. Give fewer levels.");
        SIDR_REQUIRE(of[l].ids.size() <= SIDR_MAX_CODES, "Level " + Str(l) + " has " + Str(of[l].ids.size()) + " different tokens; expected at most 65536.");
        used.insert(used.end(), of[l].ids.begin(), of[l].ids.end());
    }
    if (is_ragged) CheckLengths(tokens, levels, pieces);
    std::sort(used.begin(), used.end());
    used.erase(std::unique(used.begin(), used.end()), used.end());
    if (columns) {
        for (std::uint64_t i = 1; i < column_count; i++)
            SIDR_REQUIRE(columns[i] > columns[i - 1], "sid_columns[" + Str(i) + "] is " + Str(columns[i]) + " after " + Str(columns[i - 1]) + "; expected ascending token ids.");
        for (std::uint32_t token : used)
            SIDR_REQUIRE(std::binary_search(columns, columns + column_count, token), "Token id " + Str(token) + " of a SID is not among the " + Str(column_count) + " sid_columns.");
        used.assign(columns, columns + column_count);
    }
    KeyLayout layout(of, is_ragged);
    std::uint64_t bytes = 0;
    auto image = SortedInOneWord::Fits(layout, items) ? SortAndWrite<SortedInOneWord>(tokens, of, layout, pieces, is_ragged, used, &bytes)
                                                      : SortAndWrite<SortedInWords>(tokens, of, layout, pieces, is_ragged, used, &bytes);
    const unsigned char* data = image->data;
    return FromImage(data, bytes, "in memory", std::move(image));
}

}  // namespace sidr
