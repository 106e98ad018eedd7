#include "filter.h"

#include <algorithm>

#include "status.h"

namespace sidr {
namespace {

constexpr std::uint64_t kAll = ~std::uint64_t{0};

// Whether any bit of [begin, end) is set.
bool AnyBit(const std::uint64_t* bits, std::uint64_t begin, std::uint64_t end) {
    if (begin >= end) return false;
    std::uint64_t first = begin / 64, last = (end - 1) / 64;
    std::uint64_t head = kAll << (begin % 64), tail = kAll >> (63 - (end - 1) % 64);
    if (first == last) return (bits[first] & head & tail) != 0;
    if ((bits[first] & head) != 0 || (bits[last] & tail) != 0) return true;
    for (std::uint64_t w = first + 1; w < last; w++)
        if (bits[w] != 0) return true;
    return false;
}

}  // namespace

void CheckFilterProgram(const std::int32_t* program, std::uint32_t length, std::uint32_t bitmaps) {
    SIDR_REQUIRE(length >= 1 && length <= kFilterProgram, "length is " + Str(length) + "; expected 1 to 64.");
    std::uint32_t depth = 0;
    for (std::uint32_t i = 0; i < length; i++) {
        std::int32_t op = program[i];
        std::string place = "program[" + Str(i) + "] is " + Str(op);
        if (op >= 0) {
            SIDR_REQUIRE(static_cast<std::uint32_t>(op) < bitmaps, place + "; there are " + Str(bitmaps) + " bitmaps.");
            depth++;
        } else if (op == SIDR_FILTER_NONE || op == SIDR_FILTER_ALL) {
            depth++;
        } else if (op == SIDR_FILTER_NOT) {
            SIDR_REQUIRE(depth >= 1, place + " (not), but there is no value to apply it to.");
        } else {
            SIDR_REQUIRE(op == SIDR_FILTER_AND || op == SIDR_FILTER_OR, place + "; expected a bitmap or SIDR_FILTER_*.");
            SIDR_REQUIRE(depth >= 2, place + " (and, or), but there are not two values to apply it to.");
            depth--;
        }
        SIDR_REQUIRE(depth <= kFilterStack, "The program needs more than 16 values at once.");
    }
    SIDR_REQUIRE(depth == 1, "The program leaves " + Str(depth) + " values; expected 1.");
}

void EvaluateFilter(const sidr_filter_evaluate_args& args, std::uint64_t words) {
    for (std::uint64_t w = 0; w < words; w++) {
        std::uint64_t stack[kFilterStack + 1] = {};
        std::uint32_t top = 0;
        for (std::uint32_t i = 0; i < args.length; i++) {
            std::int32_t op = args.program[i];
            if (op >= 0) stack[top++] = args.bitmaps[static_cast<std::uint64_t>(op) * words + w];
            else if (op == SIDR_FILTER_NONE) stack[top++] = 0;
            else if (op == SIDR_FILTER_ALL) stack[top++] = kAll;
            else if (op == SIDR_FILTER_NOT) stack[top - 1] = ~stack[top - 1];
            else if (op == SIDR_FILTER_AND) top--, stack[top - 1] &= stack[top];
            else top--, stack[top - 1] |= stack[top];
        }
        args.item_bits[w] = stack[0];
    }
}

void LiftFilter(const Trie& trie, const std::uint64_t* item_bits, std::uint64_t* node_bits) {
    const TrieShape& shape = trie.shape;
    std::fill(node_bits, node_bits + shape.filter_offset[shape.levels + 1], std::uint64_t{0});

    // Ends: SID number to node, depth by depth; the items of the SIDs lie in the same order.
    std::uint64_t item = 0;
    auto sid_allowed = [&]() {
        bool any = false;
        do {
            std::uint32_t id = trie.ItemAt(item);
            any |= ((item_bits[id >> 6] >> (id & 63)) & 1) != 0;
            item++;
        } while (item < shape.items && trie.arrays.item_start && !((trie.arrays.item_start[item >> 6] >> (item & 63)) & 1));
        return any;
    };
    for (std::uint32_t d = 1; d <= shape.levels; d++) {
        if (d < shape.levels && !trie.arrays.end_rank[d]) continue;
        std::uint64_t* bits = node_bits + shape.filter_offset[d];
        SidrFirstChild first = d < shape.levels ? trie.arrays.first_child[d] : SidrFirstChild{};
        for (std::uint64_t i = 0; i < shape.nodes[d]; i++)
            if ((!first || first[i] == first[i + 1]) && sid_allowed()) bits[i >> 6] |= std::uint64_t{1} << (i & 63);
    }
    for (std::uint32_t d = shape.levels; d-- > 1;) {
        std::uint64_t* bits = node_bits + shape.filter_offset[d];
        const std::uint64_t* below = node_bits + shape.filter_offset[d + 1];
        SidrFirstChild first = trie.arrays.first_child[d];
        for (std::uint64_t i = 0; i < shape.nodes[d]; i++)
            if (AnyBit(below, first[i], first[i + 1])) bits[i >> 6] |= std::uint64_t{1} << (i & 63);
    }
}

}  // namespace sidr
