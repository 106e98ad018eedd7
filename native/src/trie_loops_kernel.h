// The loops of trie_loops.h, included once for each instruction set: Machine gives what a plain loop does not tell the compiler.
#pragma once

#include <algorithm>
#include <cstring>

#include "trie_loops.h"

namespace sidr {
namespace {

template <class Machine>
struct Loops {
    static std::uint64_t SeeItems(SidrItemIds ids, const std::uint64_t* item_start, std::uint64_t items, std::uint64_t block, std::uint64_t end, std::uint64_t* marks) {
        std::uint64_t falls = 0, mask = (std::uint64_t{1} << ids.bits) - 1;
        std::uint32_t now[65];  // the items of a block, behind the item before it
        now[0] = block == 0 ? 0 : ids[block * 64 - 1];
        for (; block < end; block++) {
            std::uint64_t count = std::min<std::uint64_t>(64, items - block * 64);
            const unsigned char* bytes = reinterpret_cast<const unsigned char*>(ids.words) + block * 8 * ids.bits;
            bool is_last = (block + 1) * 64 >= items;  // whose 8 bytes might reach beyond the section
            if (is_last) {
                std::memset(now + 1, 0, sizeof now - sizeof now[0]);
                for (std::uint32_t k = 0; k < count; k++) now[k + 1] = ids[block * 64 + k];
            } else {
                for (std::uint32_t k = 0, bit = 0; k < 64; k++, bit += ids.bits) {
                    std::uint64_t word;
                    std::memcpy(&word, bytes + bit / 8, 8);
                    now[k + 1] = static_cast<std::uint32_t>((word >> bit % 8) & mask);
                }
            }
            for (std::uint32_t k = 1; k <= count; k++) marks[now[k] >> 6] |= std::uint64_t{1} << (now[k] & 63);
            if (item_start) {
                std::uint64_t below = Machine::Below64(now) & ~item_start[block];
                if (count < 64) below &= (std::uint64_t{1} << count) - 1;
                falls |= below;
            }
            now[0] = now[count];
        }
        return falls;
    }

    static FirstChildFound FirstChild(SidrFirstChild first, std::uint64_t nodes, std::uint64_t block, std::uint64_t end) {
        FirstChildFound found;
        std::uint32_t most = 0, wrong = 0;
        for (; block < end; block++) {
            std::uint64_t from = block * 64, to = std::min(nodes, from + 64);
            std::uint32_t childless = 0;
            if (!first.low) {
                for (std::uint64_t i = from; i < to; i++) {
                    wrong |= first.base[i + 1] < first.base[i];
                    childless += first.base[i + 1] == first.base[i];
                    most = std::max(most, first.base[i + 1] - first.base[i]);
                }
            } else {
                std::uint16_t widest = 0, equal = 0, below = 0;
                for (std::uint64_t i = from; i + 1 < to; i++) {
                    below = static_cast<std::uint16_t>(below | (first.low[i + 1] < first.low[i]));
                    equal = static_cast<std::uint16_t>(equal + (first.low[i + 1] == first.low[i]));
                    widest = std::max(widest, static_cast<std::uint16_t>(first.low[i + 1] - first.low[i]));
                }
                std::uint64_t last = std::uint64_t{first.base[block]} + first.low[to - 1], next = std::uint64_t{first.base[to / 64]} + first.low[to];
                wrong |= below | (next < last) | (next > 0xFFFFFFFFu);
                childless = equal + (next == last);
                most = std::max({most, std::uint32_t{widest}, static_cast<std::uint32_t>(next - last)});
                found.begins &= first.low[from] == 0 && (to % 64 != 0 || first.low[to] == 0);
            }
            found.childless += childless;
        }
        found.falls = wrong != 0;
        found.widest = most;
        return found;
    }

    template <class T>
    static bool Ranks(SidrFirstChild first, std::uint64_t from, std::uint64_t to, const T* ranks, std::uint32_t tokens) {
        std::uint32_t begin = first[from];
        bool bad = false;
        for (; from < to; from++) {
            std::uint32_t end = first[from + 1];
            bad |= !Machine::Ascend(ranks + begin, end - begin);
            if (end > begin) bad |= ranks[end - 1] >= tokens;
            begin = end;
        }
        return !bad;
    }

    static std::uint64_t Count(const std::uint64_t* const* bitmaps, unsigned sets, std::uint64_t words) {
        std::uint64_t count = 0;
        for (std::uint64_t w = 0; w < words; w++) {
            std::uint64_t word = 0;
            for (unsigned s = 0; s < sets; s++) word |= bitmaps[s][w];
            count += static_cast<std::uint64_t>(__builtin_popcountll(word));
        }
        return count;
    }

    static void Sample(const std::uint64_t* bits, std::uint64_t words, std::uint32_t* positions) {
        std::uint64_t before = 0;
        for (std::uint64_t w = 0; w < words; w++) {
            std::uint64_t after = before + static_cast<std::uint64_t>(__builtin_popcountll(bits[w]));
            if ((before + 63) / 64 != (after + 63) / 64)  // one multiple of 64 lies among these
                positions[(before + 63) / 64] = static_cast<std::uint32_t>(w * 64 + Machine::Place(bits[w], static_cast<std::uint32_t>((64 - before % 64) % 64)));
            before = after;
        }
    }

    static constexpr TrieLoops Table() { return {SeeItems, FirstChild, Ranks<std::uint8_t>, Ranks<std::uint16_t>, Count, Sample}; }
};

}  // namespace
}  // namespace sidr
