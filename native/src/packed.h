// Two arrays of a trie in the packed forms of docs/formats/sidtrie.md; the host and every device compiler read this file.
#pragma once

#ifndef SIDR_METHOD
#define SIDR_METHOD inline
#endif

// first_child of a depth: base[i], or base[i / 64] + low[i] where every low[i] fits 16 bits.
struct SidrFirstChild {
    const unsigned* base;      // null: the depth has no children
    const unsigned short* low; // null: base holds every value
    SIDR_METHOD unsigned operator[](unsigned long long i) const { return low ? base[i >> 6] + low[i] : base[i]; }
    SIDR_METHOD explicit operator bool() const { return base != nullptr; }
};

// item_ids: `bits` bits an item, least significant first.
struct SidrItemIds {
    const unsigned long* words; // null: items lie in catalogue order
    unsigned bits;
    SIDR_METHOD unsigned operator[](unsigned long long i) const {
        if (!words) return (unsigned)i;
        unsigned long long at = i * bits, value = words[at >> 6] >> (at & 63);
        if ((at & 63) + bits > 64) value |= words[(at >> 6) + 1] << (64 - (at & 63));
        return (unsigned)(value & ((1ull << bits) - 1));
    }
};
