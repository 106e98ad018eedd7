// What the step is measured against, each written as well as its idea allows and compiled for this very machine: the loops over the
// vocabulary vectorise, the selection keeps a threshold. All give the same beams (checked before any is timed).
#pragma once

#include <cmath>
#include <cstring>
#include <string>
#include <unordered_map>

#include "cpu_setup.h"

namespace bench {

constexpr float kForbidden = -1e30f;

inline float Exp(float x) {  // relative error about 2e-7, vectorises
    float t = std::max(x * 1.44269504f, -125.0f);
    float z = t + 12582912.0f, f = t - (z - 12582912.0f);
    float p = ((((1.3264626e-3f * f + 9.6715037e-3f) * f + 5.5507340e-2f) * f + 2.4022242e-1f) * f + 6.9314700e-1f) * f + 1.0f;
    std::uint32_t bits, exponent;
    std::memcpy(&bits, &p, 4);
    std::memcpy(&exponent, &z, 4);
    bits += exponent << 23;
    std::memcpy(&p, &bits, 4);
    return p;
}

inline float LogSumExp(const float* x, std::uint32_t n) {
    float largest = x[0], sum = 0;
    for (std::uint32_t i = 0; i < n; i++) largest = std::max(largest, x[i]);
    for (std::uint32_t i = 0; i < n; i++) sum += Exp(x[i] - largest);
    return largest + std::log(sum);
}

// The best `width` of [rows, n] scores, by a threshold and a buffer of four times the width.
inline void TopK(const float* scores, std::uint32_t rows, std::uint32_t n, std::uint32_t width, std::uint32_t first_token, std::vector<Candidate>& out) {
    out.clear();
    float bound = kForbidden / 2;
    for (std::uint32_t row = 0; row < rows; row++) {
        const float* x = scores + std::size_t{row} * n;
        for (std::uint32_t i = 0; i < n; i += 16) {
            bool any = false;
            std::uint32_t end = std::min(n, i + 16);
            for (std::uint32_t j = i; j < end; j++) any |= x[j] > bound;
            if (!any) continue;
            for (std::uint32_t j = i; j < end; j++)
                if (x[j] > bound) out.push_back({x[j], row, first_token + j});
            if (out.size() >= 4 * width) {
                std::nth_element(out.begin(), out.begin() + width - 1, out.end());
                out.resize(width);
                bound = out[width - 1].score;
            }
        }
    }
    std::size_t kept = std::min<std::size_t>(width, out.size());
    std::partial_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(kept), out.end());
    out.resize(kept);
}

// Mask, log-softmax over all n columns of a row, add the beam's score, top-k over beams x n. `legal` fills in a beam's tokens.
class DenseStep {
public:
    DenseStep(std::uint32_t width, std::uint32_t columns, std::uint32_t first_token)
        : width_(width), columns_(columns), first_token_(first_token), mask_(columns), scores_(std::size_t{width} * columns) {}

    template <class Legal>
    const std::vector<Candidate>& Run(const Beams& beams, const float* logits, Legal legal) {
        std::uint32_t live = 0;
        for (std::uint32_t b = 0; b < width_ && beams.nodes[b] != SIDR_NODE_DEAD; b++, live++) {
            const float* x = logits + std::size_t{b} * columns_;
            float* y = scores_.data() + std::size_t{b} * columns_;
            std::fill(mask_.begin(), mask_.end(), kForbidden);
            legal(b, [&](std::uint32_t token) { mask_[token - first_token_] = 0.0f; });
            float shift = beams.scores[b] - LogSumExp(x, columns_);
            for (std::uint32_t i = 0; i < columns_; i++) y[i] = x[i] + mask_[i] + shift;
        }
        TopK(scores_.data(), live, columns_, width_, first_token_, best_);
        return best_;
    }

private:
    std::uint32_t width_, columns_, first_token_;
    std::vector<float> mask_, scores_;
    std::vector<Candidate> best_;
};

// The reference's look-up: a dictionary from the spelled prefix to the tokens that may follow.
class PrefixDictionary {
public:
    PrefixDictionary(const std::vector<std::uint32_t>& tokens, std::uint32_t levels, std::uint32_t depths) {
        std::uint64_t items = tokens.size() / levels;
        for (std::uint64_t i = 0; i < items; i++)
            for (std::uint32_t d = 0; d < depths; d++) children_[Key(tokens.data() + i * levels, d)].push_back(tokens[i * levels + d]);
        for (auto& entry : children_) {
            std::sort(entry.second.begin(), entry.second.end());
            entry.second.erase(std::unique(entry.second.begin(), entry.second.end()), entry.second.end());
        }
    }

    const std::vector<std::uint32_t>& Find(const std::vector<std::uint32_t>& path) const { return children_.at(Key(path.data(), static_cast<std::uint32_t>(path.size()))); }

private:
    static std::string Key(const std::uint32_t* tokens, std::uint32_t count) {
        std::string key;
        for (std::uint32_t i = 0; i < count; i++) {
            if (i) key += '-';
            key += std::to_string(tokens[i]);
        }
        return key;
    }

    std::unordered_map<std::string, std::vector<std::uint32_t>> children_;
};

// Children of each beam's node as plain arrays, which the loop in C walks.
struct Rows {
    std::vector<std::uint32_t> first, tokens;  // tokens of beam b: first[b] to first[b + 1] - 1

    Rows(const sidr_trie* trie, const Beams& beams) {
        first.push_back(0);
        for (std::size_t b = 0; b < beams.nodes.size(); b++) {
            std::uint32_t begin = 0, count = 0;
            if (beams.nodes[b] != SIDR_NODE_DEAD) {
                Check(sidr_trie_children(trie, beams.depth, beams.nodes[b], &begin, &count, nullptr, 0), "children");
                std::vector<std::uint32_t> own(count);
                Check(sidr_trie_children(trie, beams.depth, beams.nodes[b], &begin, &count, own.data(), count), "children");
                tokens.insert(tokens.end(), own.begin(), own.end());
            }
            first.push_back(static_cast<std::uint32_t>(tokens.size()));
        }
    }
};

// Walk the children, keep the best in a binary heap: what one writes first, and already without any pass over the vocabulary.
class HeapStep {
public:
    explicit HeapStep(std::uint32_t width) : width_(width) { heap_.reserve(width + 1); }

    const std::vector<Candidate>& Run(const Beams& beams, const Rows& rows, const float* logits, std::uint32_t stride, std::uint32_t first_token, const float* lse) {
        heap_.clear();
        for (std::uint32_t b = 0; b < width_; b++) {
            const float* x = logits + std::size_t{b} * stride;
            for (std::uint32_t i = rows.first[b]; i < rows.first[b + 1]; i++) {
                std::uint32_t token = rows.tokens[i];
                Candidate candidate{beams.scores[b] + (x[token - first_token] - lse[b]), b, token};
                if (heap_.size() < width_) {
                    heap_.push_back(candidate);
                    std::push_heap(heap_.begin(), heap_.end());
                } else if (candidate < heap_.front()) {  // the worst is on top
                    std::pop_heap(heap_.begin(), heap_.end());
                    heap_.back() = candidate;
                    std::push_heap(heap_.begin(), heap_.end());
                }
            }
        }
        std::sort_heap(heap_.begin(), heap_.end());
        return heap_;
    }

private:
    std::uint32_t width_;
    std::vector<Candidate> heap_;
};

}  // namespace bench
