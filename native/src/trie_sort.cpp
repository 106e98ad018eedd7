#include "trie_sort.h"

#include <algorithm>
#include <cstring>

namespace sidr {
namespace {

std::uint32_t BitsFor(std::uint64_t values) {
    std::uint32_t bits = 0;
    while (bits < 64 && (std::uint64_t{1} << bits) < values) bits++;
    return bits;
}

struct Entry {
    std::uint64_t key;
    std::uint32_t index;
};

std::uint64_t KeyOf(std::uint64_t entry) { return entry; }
std::uint64_t KeyOf(const Entry& entry) { return entry.key; }

// Stable radix sort by `bits` bits of the key above `shift`, 11 bits a pass at most: each piece counts its digits, then moves its entries behind those of the pieces before it.
template <class T>
void RadixSort(Buffer<T>& a, Buffer<T>& b, const Pieces& pieces, std::uint32_t shift, std::uint32_t bits) {
    std::uint32_t passes = (bits + 10) / 11, digit = (bits + passes - 1) / passes;
    std::uint64_t digits = std::uint64_t{1} << digit, mask = digits - 1;
    std::vector<std::uint32_t> start(pieces.count << digit);
    for (std::uint32_t pass = 0; pass < passes; pass++, shift += digit) {
        const T* from = a.get();
        T* to = b.get();
        pieces.Run([&](std::uint64_t piece, std::uint64_t i, std::uint64_t end) {
            std::uint32_t* count = start.data() + (piece << digit);
            std::fill(count, count + digits, 0u);
            for (; i < end; i++) count[(KeyOf(from[i]) >> shift) & mask]++;
        });
        std::uint32_t sum = 0;
        for (std::uint64_t d = 0; d < digits; d++)
            for (std::uint64_t piece = 0; piece < pieces.count; piece++) sum += std::exchange(start[(piece << digit) + d], sum);
        pieces.Run([&](std::uint64_t piece, std::uint64_t i, std::uint64_t end) {
            std::uint32_t* next = start.data() + (piece << digit);
            for (; i < end; i++) to[next[(KeyOf(from[i]) >> shift) & mask]++] = from[i];
        });
        a.swap(b);
    }
}

}  // namespace

Pieces::Pieces(std::uint64_t items_, std::uint32_t levels) : items(items_), threads(ThreadsFor(items_ * levels * 4)) {
    std::uint64_t wanted = threads == 1 ? 1 : threads * 4;
    each = ((items + wanted - 1) / wanted + 63) / 64 * 64;
    count = (items + each - 1) / each;
}

std::vector<LevelTokens> CollectTokens(const std::uint32_t* tokens, std::uint32_t levels, const Pieces& pieces, bool* is_ragged) {
    struct Range {
        std::uint32_t low[kMaxLevels], high[kMaxLevels];
        bool has_none = false;
    };
    std::vector<Range> ranges(pieces.count);
    pieces.Run([&](std::uint64_t piece, std::uint64_t from, std::uint64_t to) {
        Range r;
        std::fill(r.low, r.low + kMaxLevels, SIDR_TOKEN_NONE);
        std::fill(r.high, r.high + kMaxLevels, 0u);
        for (const std::uint32_t* sid = tokens + from * levels; sid < tokens + to * levels; sid += levels)
            for (std::uint32_t l = 0; l < levels; l++) {
                r.low[l] = std::min(r.low[l], sid[l]);
                r.high[l] = std::max(r.high[l], sid[l] == SIDR_TOKEN_NONE ? 0 : sid[l]);
                r.has_none |= sid[l] == SIDR_TOKEN_NONE;
            }
        ranges[piece] = r;
    });
    *is_ragged = std::any_of(ranges.begin(), ranges.end(), [](const Range& r) { return r.has_none; });

    std::vector<LevelTokens> all(levels);
    for (std::uint32_t l = 0; l < levels; l++) {
        LevelTokens& level = all[l];
        std::uint32_t low = SIDR_TOKEN_NONE, high = 0;
        for (const Range& r : ranges) {
            low = std::min(low, r.low[l]);
            high = std::max(high, r.high[l]);
        }
        level.smallest_ = low;
        level.first_code_ = *is_ragged ? 1 : 0;
        if (low == SIDR_TOKEN_NONE) continue;  // no SID is this long
        if (high - low < (1u << 24)) {
            std::vector<std::uint8_t> used(high - low + 1);
            pieces.Run([&](std::uint64_t, std::uint64_t from, std::uint64_t to) {
                for (std::uint64_t i = from; i < to; i++) {
                    std::uint32_t token = tokens[i * levels + l];
                    if (token == SIDR_TOKEN_NONE) continue;
                    std::atomic_ref<std::uint8_t> mark(used[token - low]);
                    if (mark.load(std::memory_order_relaxed) == 0) mark.store(1, std::memory_order_relaxed);  // threads share the table, and read it alone once it is full
                }
            });
            level.table_.resize(used.size());
            for (std::uint32_t t = 0; t < used.size(); t++)
                if (used[t]) {
                    level.table_[t] = static_cast<std::uint32_t>(level.ids.size()) + level.first_code_;
                    level.ids.push_back(low + t);
                }
        } else {
            for (std::uint64_t i = 0; i < pieces.items; i++)
                if (std::uint32_t token = tokens[i * levels + l]; token != SIDR_TOKEN_NONE) level.ids.push_back(token);
            std::sort(level.ids.begin(), level.ids.end());
            level.ids.erase(std::unique(level.ids.begin(), level.ids.end()), level.ids.end());
        }
    }
    return all;
}

KeyLayout::KeyLayout(const std::vector<LevelTokens>& tokens, bool is_ragged) {
    std::uint32_t at = 0;
    for (std::uint32_t l = static_cast<std::uint32_t>(tokens.size()); l-- > 0;) {
        bits[l] = std::max(1u, BitsFor(tokens[l].ids.size() + (is_ragged ? 1 : 0)));
        if (used[at] + bits[l] > 64) at++;
        word[l] = at;
        shift[l] = used[at];
        std::fill_n(level_of_bit[at] + used[at], bits[l], static_cast<std::uint8_t>(l));
        used[at] += bits[l];
    }
    words = at + 1;
}

bool SortedInOneWord::Fits(const KeyLayout& layout, std::uint64_t items) { return layout.words == 1 && layout.used[0] + BitsFor(items) <= 64; }

SortedInOneWord::SortedInOneWord(const std::uint32_t* tokens, const std::vector<LevelTokens>& of, const KeyLayout& layout, const Pieces& pieces)
    : layout_(layout), levels_(static_cast<std::uint32_t>(of.size())), index_bits_(BitsFor(pieces.items)), entries_(pieces.items) {
    pieces.Run([&](std::uint64_t, std::uint64_t i, std::uint64_t end) {
        for (; i < end; i++) {
            std::uint64_t key = 0;
            for (std::uint32_t l = 0; l < levels_; l++) key |= std::uint64_t{of[l].Code(tokens[i * levels_ + l])} << layout.shift[l];
            entries_[i] = key << index_bits_ | i;
        }
    });
    Buffer<std::uint64_t> other(pieces.items);
    RadixSort(entries_, other, pieces, index_bits_, layout.used[0]);
}

SortedInWords::SortedInWords(const std::uint32_t* tokens, const std::vector<LevelTokens>& of, const KeyLayout& layout, const Pieces& pieces)
    : layout_(layout), levels_(static_cast<std::uint32_t>(of.size())), items_(pieces.items), keys_(pieces.items * layout.words), order_(pieces.items) {
    std::uint64_t* keys = keys_.get();
    std::uint32_t* order = order_.get();
    pieces.Run([&](std::uint64_t, std::uint64_t i, std::uint64_t end) {
        for (; i < end; i++) {
            std::uint64_t words[3] = {};
            for (std::uint32_t l = 0; l < levels_; l++) words[layout.word[l]] |= std::uint64_t{of[l].Code(tokens[i * levels_ + l])} << layout.shift[l];
            for (std::uint32_t w = 0; w < layout.words; w++) keys[w * items_ + i] = words[w];
            order[i] = static_cast<std::uint32_t>(i);
        }
    });
    Buffer<Entry> a(items_), b(items_);
    for (std::uint32_t w = 0; w < layout.words; w++) {
        pieces.Run([&](std::uint64_t, std::uint64_t i, std::uint64_t end) {
            for (; i < end; i++) a[i] = {keys[w * items_ + order[i]], order[i]};
        });
        RadixSort(a, b, pieces, 0, layout.used[w]);
        pieces.Run([&](std::uint64_t, std::uint64_t i, std::uint64_t end) {
            for (; i < end; i++) order[i] = a[i].index;
        });
    }
    std::uint64_t* moved = reinterpret_cast<std::uint64_t*>(b.get());  // of 16 bytes an item
    for (std::uint32_t w = 0; w < layout.words; w++) {
        std::uint64_t* word = keys + w * items_;
        pieces.Run([&](std::uint64_t, std::uint64_t i, std::uint64_t end) {
            for (; i < end; i++) moved[i] = word[order[i]];
        });
        std::memcpy(word, moved, items_ * 8);
    }
}

}  // namespace sidr
