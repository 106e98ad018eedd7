// Items in SID order, the first half of building a trie: the tokens of each level, codes packed into words, and a radix sort shared by a few threads.
#pragma once

#include <atomic>
#include <vector>

#include "buffer.h"
#include "parallel.h"
#include "trie.h"

namespace sidr {

// Items cut for a few threads, at multiples of 64: no two pieces share a word of a bitmap.
struct Pieces {
    std::uint64_t items, count, each;
    unsigned threads;
    Pieces(std::uint64_t items_, std::uint32_t levels);
    std::uint64_t From(std::uint64_t piece) const { return piece * each; }
    std::uint64_t To(std::uint64_t piece) const { return std::min(items, (piece + 1) * each); }
    template <class Body>
    void Run(const Body& body) const {  // body(piece, from, to); must not throw
        Parallel(count, threads, [&](std::uint64_t piece, unsigned) { body(piece, From(piece), To(piece)); });
    }
};

// The tokens of one level: ascending ids, and the code of each: its rank, or its rank + 1 where SIDs of the catalogue differ in length.
class LevelTokens {
public:
    std::vector<std::uint32_t> ids;
    std::uint32_t Code(std::uint32_t token) const;  // SIDR_TOKEN_NONE: 0

private:
    friend std::vector<LevelTokens> CollectTokens(const std::uint32_t* tokens, std::uint32_t levels, const Pieces& pieces, bool* is_ragged);
    std::uint32_t smallest_ = 0, first_code_ = 0;
    std::vector<std::uint32_t> table_;  // of token - smallest_; empty where ids lie far apart
};

// The tokens of all levels of [items, levels] ids; whether any SID is shorter than others.
std::vector<LevelTokens> CollectTokens(const std::uint32_t* tokens, std::uint32_t levels, const Pieces& pieces, bool* is_ragged);

inline std::uint32_t LevelTokens::Code(std::uint32_t token) const {
    if (token == SIDR_TOKEN_NONE) return 0;
    if (!table_.empty()) return table_[token - smallest_];
    return static_cast<std::uint32_t>(std::lower_bound(ids.begin(), ids.end(), token) - ids.begin()) + first_code_;
}

// Where each level's code lies: most significant level first, so that comparing words compares SIDs; no level lies across words.
struct KeyLayout {
    std::uint32_t words = 1;
    std::uint32_t word[kMaxLevels], shift[kMaxLevels], bits[kMaxLevels], used[3] = {};
    std::uint8_t level_of_bit[3][64] = {};
    KeyLayout(const std::vector<LevelTokens>& tokens, bool is_ragged);
    std::uint32_t Code(std::uint64_t key, std::uint32_t level) const { return static_cast<std::uint32_t>(key >> shift[level]) & ((1u << bits[level]) - 1); }
    std::uint32_t LevelOf(std::uint32_t w, std::uint64_t difference) const { return level_of_bit[w][63 - __builtin_clzll(difference)]; }
};

// Items by SID, equal SIDs in catalogue order: key and index share a word where they fit, which halves what the sort moves.
class SortedInOneWord {
public:
    static bool Fits(const KeyLayout& layout, std::uint64_t items);
    SortedInOneWord(const std::uint32_t* tokens, const std::vector<LevelTokens>& of, const KeyLayout& layout, const Pieces& pieces);

    std::uint32_t Item(std::uint64_t i) const { return static_cast<std::uint32_t>(entries_.get()[i] & ((std::uint64_t{1} << index_bits_) - 1)); }
    std::uint32_t Code(std::uint64_t i, std::uint32_t level) const { return layout_.Code(entries_.get()[i] >> index_bits_, level); }
    // Levels that the SID at i > 0 shares with the one before it.
    std::uint32_t Same(std::uint64_t i) const {
        std::uint64_t difference = (entries_.get()[i] ^ entries_.get()[i - 1]) >> index_bits_;
        return difference == 0 ? levels_ : layout_.LevelOf(0, difference);
    }

private:
    const KeyLayout& layout_;
    std::uint32_t levels_, index_bits_;
    Buffer<std::uint64_t> entries_;
};

class SortedInWords {
public:
    SortedInWords(const std::uint32_t* tokens, const std::vector<LevelTokens>& of, const KeyLayout& layout, const Pieces& pieces);

    std::uint32_t Item(std::uint64_t i) const { return order_.get()[i]; }
    std::uint32_t Code(std::uint64_t i, std::uint32_t level) const { return layout_.Code(Key(layout_.word[level], i), level); }
    std::uint32_t Same(std::uint64_t i) const {
        for (std::uint32_t w = layout_.words; w-- > 0;)
            if (std::uint64_t difference = Key(w, i) ^ Key(w, i - 1)) return layout_.LevelOf(w, difference);
        return levels_;
    }

private:
    std::uint64_t Key(std::uint32_t word, std::uint64_t i) const { return keys_.get()[word * items_ + i]; }
    const KeyLayout& layout_;
    std::uint32_t levels_;
    std::uint64_t items_;
    Buffer<std::uint64_t> keys_;  // [words][items], word 0 least significant
    Buffer<std::uint32_t> order_;
};

}  // namespace sidr
