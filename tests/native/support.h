// What the native tests and the GPU check share: random catalogues, one step as plain vectors, the kernels by name, and the slow obvious step.
// Includes nothing of the library but its header.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sidr/sidr.h"

namespace test {

inline int failures = 0;
inline int checks = 0;

#define CHECK(condition, ...)                                                                 \
    do {                                                                                      \
        test::checks++;                                                                       \
        if (!(condition)) {                                                                   \
            test::failures++;                                                                 \
            std::printf("FAILED %s:%d: %s: ", __FILE__, __LINE__, #condition);                \
            std::printf(__VA_ARGS__);                                                         \
            std::printf("\n");                                                                \
            if (test::failures > 20) std::exit(1);                                            \
        }                                                                                     \
    } while (0)

inline int Finish(const char* name) {
    std::printf("%s: %d checks, %d failed\n", name, checks, failures);
    return failures == 0 ? 0 : 1;
}

inline std::string LastError() {
    char text[2048];
    sidr_last_error(text, sizeof text);
    return text;
}

#define OK(call)                                                                                          \
    do {                                                                                                  \
        sidr_status ok_status = (call);                                                                   \
        CHECK(ok_status == SIDR_OK, "%s returned %d: %s", #call, ok_status, test::LastError().c_str());   \
    } while (0)

// splitmix64: the same numbers everywhere.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}
    std::uint64_t Next() {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }
    std::uint32_t Below(std::uint64_t n) { return static_cast<std::uint32_t>(Next() % n); }
    double Unit() { return static_cast<double>(Next() >> 11) / 9007199254740992.0; }
    bool Chance(double p) { return Unit() < p; }
    double Normal() {
        double sum = 0;
        for (int i = 0; i < 12; i++) sum += Unit();
        return sum - 6;
    }

private:
    std::uint64_t state_;
};

struct Catalog {
    std::uint32_t levels = 0;
    std::vector<std::vector<std::uint32_t>> sids;  // an item's token ids
    std::vector<std::uint32_t> columns;

    std::vector<std::uint32_t> Flat() const {
        std::vector<std::uint32_t> flat(sids.size() * levels, SIDR_TOKEN_NONE);
        for (std::size_t i = 0; i < sids.size(); i++) std::copy(sids[i].begin(), sids[i].end(), flat.begin() + static_cast<std::ptrdiff_t>(i * levels));
        return flat;
    }
};

// Random SIDs; a level's token ids begin at base + level * stride (stride 0: all levels share their tokens).
inline Catalog MakeCatalog(Random& random, std::uint32_t items, std::uint32_t levels, std::uint32_t codes, std::uint32_t base, std::uint32_t stride,
                           bool ragged, double share, double skew, std::uint32_t extra_columns) {
    Catalog catalog;
    catalog.levels = levels;
    std::set<std::vector<std::uint32_t>> full;
    std::set<std::vector<std::uint32_t>> prefixes;
    std::size_t longest = 0;
    for (std::uint32_t i = 0; i < items; i++) {
        if (i > 0 && random.Chance(share)) {
            catalog.sids.push_back(catalog.sids[random.Below(i)]);
            continue;
        }
        for (int attempt = 0;; attempt++) {
            std::uint32_t size = ragged && i > 0 ? 1 + random.Below(levels) : levels;
            std::vector<std::uint32_t> sid;
            for (std::uint32_t l = 0; l < size; l++) {
                std::uint32_t code = static_cast<std::uint32_t>(std::pow(random.Unit(), skew) * codes);
                sid.push_back(base + l * stride + std::min(code, codes - 1));
            }
            bool bad = prefixes.count(sid) > 0;
            for (std::uint32_t l = 1; l < size && !bad; l++) bad = full.count(std::vector<std::uint32_t>(sid.begin(), sid.begin() + l)) > 0;
            if (bad && attempt < 50) continue;
            if (bad) sid = catalog.sids[0];
            full.insert(sid);
            for (std::size_t l = 1; l < sid.size(); l++) prefixes.insert(std::vector<std::uint32_t>(sid.begin(), sid.begin() + static_cast<std::ptrdiff_t>(l)));
            longest = std::max(longest, sid.size());
            catalog.sids.push_back(sid);
            break;
        }
    }
    catalog.levels = static_cast<std::uint32_t>(longest);
    std::set<std::uint32_t> columns;
    for (auto& sid : catalog.sids) columns.insert(sid.begin(), sid.end());
    for (std::uint32_t i = 0; i < extra_columns; i++) columns.insert(base + random.Below(levels * std::max(1u, stride) + codes));
    catalog.columns.assign(columns.begin(), columns.end());
    return catalog;
}

struct TrieHandle {
    sidr_trie* trie = nullptr;
    TrieHandle() = default;
    explicit TrieHandle(sidr_trie* t) : trie(t) {}
    TrieHandle(TrieHandle&& other) noexcept : trie(other.trie) { other.trie = nullptr; }
    TrieHandle& operator=(TrieHandle&& other) noexcept {
        std::swap(trie, other.trie);
        return *this;
    }
    ~TrieHandle() { sidr_trie_close(trie); }
};

inline TrieHandle Build(const Catalog& catalog) {
    std::vector<std::uint32_t> flat = catalog.Flat();
    sidr_trie_build_args args = {};
    args.size = sizeof args;
    args.levels = catalog.levels;
    args.items = catalog.sids.size();
    args.tokens = flat.data();
    args.sid_columns = catalog.columns.data();
    args.column_count = catalog.columns.size();
    sidr_trie* trie = nullptr;
    OK(sidr_trie_build(&args, &trie));
    return TrieHandle(trie);
}

// ---- one step as vectors ----

inline std::uint16_t ToBf16(float x) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, 4);
    if (x != x) return 0x7FC0;
    return static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}
inline float FromBf16(std::uint16_t h) {
    std::uint32_t bits = static_cast<std::uint32_t>(h) << 16;
    float x;
    std::memcpy(&x, &bits, 4);
    return x;
}
inline float FromF16(std::uint16_t h) {
    int exponent = (h >> 10) & 31, mantissa = h & 1023;
    float x = exponent == 31 ? (mantissa ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity())
              : exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -24)
                              : std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
    return (h & 0x8000) ? -x : x;
}
inline std::uint16_t ToF16(float x) {  // nearest by search among neighbours of a first guess; slow and plain
    if (x != x) return 0x7E00;
    std::uint16_t sign = std::signbit(x) ? 0x8000 : 0;
    float a = std::fabs(x);
    if (a >= 65520.0f) return static_cast<std::uint16_t>(sign | 0x7C00);
    int exponent;
    std::frexp(a, &exponent);
    float unit = std::ldexp(1.0f, std::max(exponent - 11, -24));
    float steps = std::nearbyint(a / unit), value = steps * unit;
    if (value == 0) return sign;
    std::frexp(value, &exponent);
    if (exponent < -13) return static_cast<std::uint16_t>(sign | static_cast<int>(value / std::ldexp(1.0f, -24)));
    int mantissa = static_cast<int>(std::ldexp(value, 11 - exponent)) - 1024;
    return static_cast<std::uint16_t>(sign | ((exponent + 14) << 10) | mantissa);
}

struct StepCase {
    const sidr_trie* trie = nullptr;  // in host memory
    std::uint32_t depth = 0, max_width = 1, type = SIDR_F32, mode = SIDR_SCORE_ROW, column_kind = SIDR_COLUMNS_SID, first_column = 0, row_width = 0, rows = 0;
    std::uint64_t row_stride = 0;
    std::vector<std::uint32_t> start;  // [requests + 1]
    bool uniform = false;              // all requests max_width wide: start is not handed over
    std::vector<float> logits;         // as the kernel sees them after widening
    std::vector<unsigned char> bytes;  // in the type
    std::vector<float> lse;
    std::vector<std::int32_t> row;
    bool has_row = true;
    std::vector<std::uint32_t> nodes;
    std::vector<float> scores;
    bool keeps_inputs = false;  // next_nodes and next_scores are arrays of their own
    std::vector<std::uint64_t> filters;
    std::vector<std::int32_t> filter_of;
    std::uint64_t filter_stride = 0;
    std::vector<std::int64_t> base;
    std::vector<std::int32_t> ancestors;
    std::uint32_t requests() const { return static_cast<std::uint32_t>(start.size() - 1); }
    std::uint32_t beams() const { return start.back(); }

    void SetLogits(std::vector<float> values) {  // rounds to the type
        logits = std::move(values);
        std::size_t size = type == SIDR_F32 ? 4 : 2;
        bytes.resize(logits.size() * size);
        for (std::size_t i = 0; i < logits.size(); i++) {
            if (type == SIDR_F32) {
                std::memcpy(&bytes[i * 4], &logits[i], 4);
            } else {
                std::uint16_t h = type == SIDR_BF16 ? ToBf16(logits[i]) : ToF16(logits[i]);
                std::memcpy(&bytes[i * 2], &h, 2);
                logits[i] = type == SIDR_BF16 ? FromBf16(h) : FromF16(h);
            }
        }
    }
};

struct StepResult {
    sidr_status status = SIDR_OK;
    std::vector<std::uint32_t> nodes, tokens, flags;
    std::vector<float> scores;
    std::vector<std::uint32_t> kept_nodes;  // inputs, where they must stay
    std::vector<float> kept_scores;
    std::vector<std::int32_t> parents, next_row, ancestors;
    std::vector<std::int64_t> ids, positions;
};

inline bool SameBits(const StepResult& a, const StepResult& b, std::string* why) {
    auto differ = [&](const char* name, const auto& x, const auto& y) {
        for (std::size_t i = 0; i < x.size(); i++)
            if (std::memcmp(&x[i], &y[i], sizeof x[i]) != 0) {
                *why = std::string(name) + "[" + std::to_string(i) + "]: " + std::to_string(x[i]) + " against " + std::to_string(y[i]);
                return true;
            }
        return false;
    };
    return !(differ("flags", a.flags, b.flags) || differ("parents", a.parents, b.parents) || differ("tokens", a.tokens, b.tokens) || differ("scores", a.scores, b.scores) ||
             differ("nodes", a.nodes, b.nodes) || differ("next_row", a.next_row, b.next_row) || differ("ids", a.ids, b.ids) ||
             differ("positions", a.positions, b.positions) || differ("ancestors", a.ancestors, b.ancestors));
}

// Fills the structure from a case and result vectors in host memory; a device kernel replaces the pointers.
inline sidr_beam_advance_args Arguments(const StepCase& c, StepResult& r) {
    std::uint32_t beams = c.beams(), stride = SIDR_MAX_LEVELS;
    r.nodes = c.nodes;
    r.scores = c.scores;
    r.parents.assign(beams, -77);
    r.tokens.assign(beams, 777);
    r.next_row.assign(beams, -77);
    r.ids.assign(beams, -77);
    r.positions.assign(beams, -77);
    r.ancestors.assign(std::size_t{beams} * stride, -77);
    r.flags.assign(c.requests(), 77);
    sidr_beam_advance_args a = {};
    a.size = sizeof a;
    a.depth = c.depth;
    a.requests = c.requests();
    a.beams = beams;
    a.max_width = c.max_width;
    a.rows = c.rows;
    a.logits_type = c.type;
    a.score_mode = c.mode;
    a.column_kind = c.column_kind;
    a.first_column = c.first_column;
    a.row_width = c.row_width;
    a.ancestor_stride = stride;
    a.row_stride = c.row_stride;
    a.sid_logits = c.bytes.data();
    a.log_sum_exp = c.mode == SIDR_SCORE_GIVEN ? c.lse.data() : nullptr;
    a.request_start = c.uniform ? nullptr : c.start.data();
    a.row = c.has_row ? c.row.data() : nullptr;
    a.nodes = r.nodes.data();
    a.scores = r.scores.data();
    if (c.keeps_inputs) {
        r.kept_nodes = c.nodes;
        r.kept_scores = c.scores;
        a.nodes = r.kept_nodes.data();
        a.scores = r.kept_scores.data();
        a.next_nodes = r.nodes.data();
        a.next_scores = r.scores.data();
    }
    a.parents = r.parents.data();
    a.tokens = r.tokens.data();
    a.next_row = r.next_row.data();
    a.input_ids = r.ids.data();
    a.positions = r.positions.data();
    a.base_position = c.base.data();
    a.ancestors = c.ancestors.data();
    a.next_ancestors = r.ancestors.data();
    a.filter_bits = c.filters.empty() ? nullptr : c.filters.data();
    a.filter_of = c.filters.empty() ? nullptr : c.filter_of.data();
    a.filter_stride = c.filter_stride;
    a.flags = r.flags.data();
    return a;
}

inline void* Aligned(std::vector<unsigned char>& store, std::uint64_t bytes) {
    store.assign(bytes + 256, 0xA5);
    return reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(store.data()) + 255) & ~std::uintptr_t{255});
}

inline StepResult RunCpu(const StepCase& c, std::uint32_t level) {
    StepResult r;
    if (sidr_cpu_set(level) != SIDR_OK) {
        r.status = SIDR_NO_DEVICE;
        return r;
    }
    sidr_beam_advance_args a = Arguments(c, r);
    std::vector<unsigned char> store;
    OK(sidr_beam_advance_workspace_size(c.trie, &a, &a.workspace_bytes));
    a.workspace = Aligned(store, a.workspace_bytes);
    r.status = sidr_beam_advance(c.trie, &a);
    if (c.keeps_inputs) CHECK(r.kept_nodes == c.nodes && std::memcmp(r.kept_scores.data(), c.scores.data(), c.scores.size() * 4) == 0, "inputs changed");
    return r;
}

// The step on a device: copies everything there and back, with the outputs poisoned first.
class DeviceKernel {
public:
    explicit DeviceKernel(sidr_device* device) : device_(device) { OK(sidr_stream_create(device, &stream_)); }
    ~DeviceKernel() {
        Release();
        sidr_trie_close(trie_);
        sidr_stream_destroy(device_, stream_);
    }

    StepResult Run(const StepCase& c) {
        if (c.trie != original_) {
            sidr_trie_close(trie_);
            trie_ = nullptr;
            OK(sidr_trie_upload(c.trie, device_, &trie_));
            original_ = c.trie;
        }
        StepResult r;
        sidr_beam_advance_args a = Arguments(c, r);
        auto in = [&](auto*& pointer, std::size_t bytes) {
            if (!pointer) return;
            void* there = Take(bytes);
            if (bytes) OK(sidr_memory_copy(device_, there, pointer, bytes, stream_));
            pointer = static_cast<std::remove_reference_t<decltype(pointer)>>(there);
        };
        std::size_t beams = c.beams();
        in(a.sid_logits, c.bytes.size());
        in(a.log_sum_exp, c.lse.size() * 4);
        in(a.request_start, c.start.size() * 4);
        in(a.row, beams * 4);
        in(a.nodes, beams * 4);
        in(a.scores, beams * 4);
        in(a.next_nodes, beams * 4);
        in(a.next_scores, beams * 4);
        in(a.parents, beams * 4);
        in(a.tokens, beams * 4);
        in(a.next_row, beams * 4);
        in(a.input_ids, beams * 8);
        in(a.positions, beams * 8);
        in(a.base_position, c.base.size() * 8);
        in(a.ancestors, c.ancestors.size() * 4);
        in(a.next_ancestors, r.ancestors.size() * 4);
        in(a.filter_bits, c.filters.size() * 8);
        in(a.filter_of, c.filter_of.size() * 4);
        in(a.flags, r.flags.size() * 4);
        OK(sidr_beam_advance_workspace_size(trie_, &a, &a.workspace_bytes));
        a.workspace = Take(a.workspace_bytes);
        a.stream = stream_;
        r.status = sidr_beam_advance(trie_, &a);
        auto out = [&](auto& to, const void* from) { OK(sidr_memory_copy(device_, to.data(), from, to.size() * sizeof to[0], stream_)); };
        if (r.status == SIDR_OK) {
            out(r.nodes, c.keeps_inputs ? a.next_nodes : a.nodes);
            out(r.scores, c.keeps_inputs ? a.next_scores : a.scores);
            out(r.parents, a.parents);
            out(r.tokens, a.tokens);
            out(r.next_row, a.next_row);
            out(r.ids, a.input_ids);
            out(r.positions, a.positions);
            out(r.ancestors, a.next_ancestors);
            out(r.flags, a.flags);
            OK(sidr_stream_synchronize(device_, stream_));
        }
        Release();
        return r;
    }

private:
    void* Take(std::size_t bytes) {
        void* pointer = nullptr;
        OK(sidr_memory_allocate(device_, std::max<std::size_t>(bytes, 16), 0, &pointer));
        taken_.push_back(pointer);
        return pointer;
    }
    void Release() {
        for (void* p : taken_) sidr_memory_free(device_, p, 0);
        taken_.clear();
    }

    sidr_device* device_;
    void* stream_ = nullptr;
    sidr_trie* trie_ = nullptr;
    const sidr_trie* original_ = nullptr;
    std::vector<void*> taken_;
};

}  // namespace test
