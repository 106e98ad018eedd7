// What the CPU benchmarks share: random catalogues, logits, one beam step's arguments, and thread CPU time.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "sidr/sidr.h"

namespace bench {

inline void Check(sidr_status status, const char* what) {
    if (status == SIDR_OK) return;
    char text[2048];
    sidr_last_error(text, sizeof text);
    std::fprintf(stderr, "%s: %s\n", what, text);
    std::exit(1);
}

inline double Seconds(clockid_t clock) {
    timespec now;
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Random {
    std::uint64_t state;
    std::uint64_t Next() {
        std::uint64_t x = state += 0x9E3779B97F4A7C15u;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
        return x ^ (x >> 31);
    }
    std::uint32_t Below(std::uint32_t n) { return static_cast<std::uint32_t>((Next() >> 32) * n >> 32); }
    float Logit() { return static_cast<float>(Next() >> 40) * (16.0f / 16777216.0f) - 8.0f; }
};

constexpr std::uint32_t kFirstToken = 151936;  // SID tokens follow a vocabulary of this size

// SIDs drawn evenly; level l's codes are tokens kFirstToken + l * codes and on. Uniform draws share the fewest prefixes: the worst case.
inline std::vector<std::uint32_t> RandomSids(std::uint64_t items, std::uint32_t levels, std::uint32_t codes, std::uint64_t seed) {
    Random random{seed};
    std::vector<std::uint32_t> tokens(items * levels);
    for (std::uint64_t i = 0; i < items; i++)
        for (std::uint32_t l = 0; l < levels; l++) tokens[i * levels + l] = kFirstToken + l * codes + random.Below(codes);
    return tokens;
}

inline sidr_trie* Build(const std::vector<std::uint32_t>& tokens, std::uint32_t levels, std::uint32_t codes) {
    std::vector<std::uint32_t> columns(levels * codes);
    for (std::uint32_t c = 0; c < levels * codes; c++) columns[c] = kFirstToken + c;
    sidr_trie_build_args args = {};
    args.size = sizeof args;
    args.levels = levels;
    args.items = tokens.size() / levels;
    args.tokens = tokens.data();
    args.sid_columns = columns.data();
    args.column_count = columns.size();
    sidr_trie* trie = nullptr;
    Check(sidr_trie_build(&args, &trie), "sidr_trie_build");
    return trie;
}

struct Candidate {
    float score;
    std::uint32_t parent, token;
    bool operator<(const Candidate& other) const {  // best first
        if (score != other.score) return score > other.score;
        return parent != other.parent ? parent < other.parent : token < other.token;
    }
};

// The beams before a step: one request, `width` beams.
struct Beams {
    std::uint32_t depth = 0;
    std::vector<std::uint32_t> nodes;
    std::vector<float> scores;
    std::vector<std::vector<std::uint32_t>> paths;  // tokens so far
};

// libsidr's step over one request; buffers are made once.
class Step {
public:
    Step(const sidr_trie* trie, std::uint32_t width) : trie_(trie), width_(width), next_nodes_(width), next_scores_(width), parents_(width), tokens_(width) {}

    // Rows of float32 logits `stride` apart that begin with `first_column`.
    void Run(const Beams& beams, const float* logits, std::uint32_t row_width, const float* lse, std::uint32_t mode = SIDR_SCORE_GIVEN) {
        sidr_beam_advance_args a = {};
        a.size = sizeof a;
        a.depth = beams.depth;
        a.requests = 1;
        a.beams = a.max_width = width_;
        a.rows = width_;
        a.logits_type = SIDR_F32;
        a.score_mode = mode;
        a.column_kind = SIDR_COLUMNS_SID;
        a.row_width = row_width;
        a.row_stride = row_width;
        a.sid_logits = logits;
        a.log_sum_exp = lse;
        a.nodes = const_cast<std::uint32_t*>(beams.nodes.data());  // next_nodes and next_scores keep them as they are
        a.scores = const_cast<float*>(beams.scores.data());
        a.next_nodes = next_nodes_.data();
        a.next_scores = next_scores_.data();
        a.parents = parents_.data();
        a.tokens = tokens_.data();
        Check(sidr_beam_advance_workspace_size(trie_, &a, &a.workspace_bytes), "workspace");
        if (workspace_.size() < a.workspace_bytes + 256) workspace_.resize(a.workspace_bytes + 256);
        a.workspace = reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(workspace_.data()) + 255) & ~std::uintptr_t{255});
        Check(sidr_beam_advance(trie_, &a), "sidr_beam_advance");
    }

    std::vector<Candidate> Result() const {
        std::vector<Candidate> result;
        for (std::uint32_t i = 0; i < width_ && parents_[i] >= 0; i++) result.push_back({next_scores_[i], static_cast<std::uint32_t>(parents_[i]), tokens_[i]});
        return result;
    }

    Beams Next(const Beams& beams) const {
        Beams next;
        next.depth = beams.depth + 1;
        next.nodes = next_nodes_;
        next.scores = next_scores_;
        for (std::uint32_t i = 0; i < width_; i++) {
            next.paths.emplace_back();
            if (parents_[i] < 0) continue;
            next.paths[i] = beams.paths[static_cast<std::size_t>(parents_[i])];
            next.paths[i].push_back(tokens_[i]);
        }
        return next;
    }

private:
    const sidr_trie* trie_;
    std::uint32_t width_;
    std::vector<std::uint32_t> next_nodes_;
    std::vector<float> next_scores_;
    std::vector<std::int32_t> parents_;
    std::vector<std::uint32_t> tokens_;
    std::vector<unsigned char> workspace_;
};

inline Beams Root(std::uint32_t width) {
    Beams root;
    root.nodes.assign(width, SIDR_NODE_DEAD);
    root.scores.assign(width, 0.0f);
    root.nodes[0] = 0;
    root.paths.resize(width);
    return root;
}

// Median thread CPU time of one call in microseconds: batches of calls that take about 20 ms each, `rounds` of them.
template <class Call>
double Microseconds(Call call, int rounds = 15) {
    double began = Seconds(CLOCK_THREAD_CPUTIME_ID);
    call(0);
    double once = std::max(1e-7, Seconds(CLOCK_THREAD_CPUTIME_ID) - began);
    int calls = std::max(1, static_cast<int>(0.02 / once));
    std::vector<double> times;
    for (int round = 0; round < rounds; round++) {
        began = Seconds(CLOCK_THREAD_CPUTIME_ID);
        for (int i = 0; i < calls; i++) call(i);
        times.push_back((Seconds(CLOCK_THREAD_CPUTIME_ID) - began) / calls);
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2] * 1e6;
}

}  // namespace bench
