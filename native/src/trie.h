// The catalogue's prefix trie as level arrays, in host memory or on a device. Bytes: docs/formats/sidtrie.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "packed.h"
#include "sidr/sidr.h"

namespace sidr {

constexpr int kMaxLevels = SIDR_MAX_LEVELS;

// The arrays by address; the same structure for host and device. Index d is a depth.
struct TrieArrays {
    SidrFirstChild first_child[kMaxLevels];          // depth 0 to L-1: [nodes + 1]
    const void* rank[kMaxLevels + 1];                // depth 1 to L: [nodes] of rank_bytes
    const std::uint32_t* token_of[kMaxLevels + 1];   // depth 1 to L: [tokens]
    const std::uint32_t* column_of[kMaxLevels + 1];  // depth 1 to L: [tokens], computed
    const std::uint32_t* end_rank[kMaxLevels];       // depth 1 to L-1, null where the depth has no ends
    const std::uint64_t* item_start;                 // null if every SID has one item
    SidrItemIds item_ids;                            // [items]
    const std::uint32_t* sid_columns;
};

// Sizes, the same for the original and its copy on a device.
struct TrieShape {
    std::uint32_t levels = 0;
    std::uint32_t flags = 0;
    std::uint64_t items = 0;
    std::uint64_t sids = 0;
    std::uint64_t bytes = 0;
    std::uint64_t nodes[kMaxLevels + 1] = {};
    std::uint32_t tokens[kMaxLevels + 1] = {};      // depth 1 to L
    std::uint32_t rank_bytes[kMaxLevels + 1] = {};  // 1 or 2
    std::uint32_t max_fan_out[kMaxLevels] = {};
    std::uint64_t end_base[kMaxLevels + 1] = {};    // ends of shallower depths
    std::uint32_t column_count = 0;
    std::uint32_t column_base[kMaxLevels + 1] = {};  // first column of the level if its columns follow each other, else ~0
    std::uint32_t token_base[kMaxLevels + 1] = {};   // the same for token ids
    std::uint32_t low_column[2][kMaxLevels + 1] = {};   // smallest and largest column of a level: by sid_columns, by token id
    std::uint32_t high_column[2][kMaxLevels + 1] = {};
    std::uint64_t filter_offset[kMaxLevels + 2] = {};  // words; [L+1] is the sum, a multiple of 32

    bool is_ragged() const { return (flags & 1) != 0; }
    bool shares_sids() const { return (flags & 2) != 0; }
    bool reorders_items() const { return (flags & 4) != 0; }
};

enum TrieFlags : std::uint32_t { kTrieRagged = 1, kTrieSharesSids = 2, kTrieReordersItems = 4 };

// Where the arrays live; frees them.
class TrieStorage {
public:
    virtual ~TrieStorage() = default;
};

class Trie {
public:
    // Builds from [items, levels] token ids, short SIDs filled up with SIDR_TOKEN_NONE; columns may be null.
    static std::unique_ptr<Trie> Build(const std::uint32_t* tokens, std::uint64_t items, std::uint32_t levels, const std::uint32_t* columns,
                                       std::uint64_t column_count);
    // Maps and checks a file.
    static std::unique_ptr<Trie> Open(const std::string& path);
    // Checks an image in memory that outlives the trie; `name` stands for it in messages.
    static std::unique_ptr<Trie> FromImage(const unsigned char* image, std::uint64_t bytes, const std::string& name,
                                           std::unique_ptr<TrieStorage> storage);

    void Save(const std::string& path, const std::uint8_t* source_hash) const;

    std::uint32_t Rank(std::uint32_t depth, std::uint64_t node) const {
        return shape.rank_bytes[depth] == 1 ? static_cast<const std::uint8_t*>(arrays.rank[depth])[node]
                                            : static_cast<const std::uint16_t*>(arrays.rank[depth])[node];
    }
    bool IsEnd(std::uint32_t depth, std::uint64_t node) const {
        return depth == shape.levels || arrays.first_child[depth][node] == arrays.first_child[depth][node + 1];
    }
    std::uint64_t SidNumber(std::uint32_t depth, std::uint64_t node) const {
        return depth == shape.levels ? shape.end_base[depth] + node : shape.end_base[depth] + arrays.end_rank[depth][node];
    }
    // Positions of a SID's items in SID order.
    void ItemRange(std::uint64_t sid, std::uint64_t* first, std::uint64_t* end) const;
    std::uint32_t ItemAt(std::uint64_t position) const {
        return arrays.item_ids[position];
    }

    TrieShape shape;
    TrieArrays arrays = {};
    const unsigned char* image = nullptr;  // the file's bytes; null on a device
    const std::uint32_t* sid_first_item = nullptr;  // device copies of tries whose SIDs share items: [sids + 1]
    sidr_device* device = nullptr;         // null in host memory
    std::unique_ptr<TrieStorage> storage;
    std::vector<std::uint32_t> columns;         // behind column_of
    std::vector<std::uint32_t> sid_samples;     // position of every 64th SID's first item

private:
    void Complete();  // what is computed from the arrays: columns, fan-outs, filter offsets, samples
    friend std::unique_ptr<Trie> UploadTrie(const Trie&, sidr_device*);
};

// Depth of the tokens that lead to `depth`: an index into token_of and friends is the depth of the child.
struct TrieSection {
    std::uint32_t kind, depth;
    std::uint64_t offset, bytes;
    std::uint32_t element, crc;
};
static_assert(sizeof(TrieSection) == 32);

enum TrieSectionKind : std::uint32_t {
    kFirstChild = 1, kRank = 2, kTokenOf = 3, kEndRank = 4, kItemStart = 5, kItemIds = 6, kSidColumns = 7, kFirstChildBase = 8
};

struct TrieHeader {
    char magic[8];
    std::uint16_t major, minor;
    std::uint32_t header_bytes, levels, section_count, flags, crc;
    std::uint64_t items, file_bytes;
    std::uint8_t source_hash[16];
};
static_assert(sizeof(TrieHeader) == 64);

constexpr std::uint16_t kTrieMajor = 2;
constexpr char kTrieMagic[8] = {'S', 'I', 'D', 'T', 'R', 'I', 'E', 0};
// Bits of an entry of item_ids, and the 64-bit words that hold them all.
inline std::uint32_t ItemBits(std::uint64_t items) { return items <= 2 ? 1 : 64 - static_cast<std::uint32_t>(__builtin_clzll(items - 1)); }
inline std::uint64_t ItemWords(std::uint64_t items) { return (items * ItemBits(items) + 63) / 64; }
inline std::uint64_t AlignTo64(std::uint64_t value) { return (value + 63) & ~std::uint64_t{63}; }

}  // namespace sidr
