// The slow obvious step: a dictionary of prefixes, every candidate in double, a full sort. The oracle for all kernels.
#pragma once

#include "support.h"

namespace test {

struct Reference {
    std::uint32_t levels;
    std::vector<std::vector<std::vector<std::uint32_t>>> prefixes;         // [depth][node]
    std::vector<std::map<std::vector<std::uint32_t>, std::uint32_t>> number;  // [depth] prefix -> node
    std::map<std::vector<std::uint32_t>, std::vector<std::uint32_t>> items;   // SID -> items

    explicit Reference(const Catalog& catalog) : levels(catalog.levels), prefixes(catalog.levels + 1), number(catalog.levels + 1) {
        std::vector<std::set<std::vector<std::uint32_t>>> sets(levels + 1);
        for (std::size_t i = 0; i < catalog.sids.size(); i++) {
            const auto& sid = catalog.sids[i];
            for (std::size_t l = 0; l <= sid.size(); l++) sets[l].insert(std::vector<std::uint32_t>(sid.begin(), sid.begin() + static_cast<std::ptrdiff_t>(l)));
            items[sid].push_back(static_cast<std::uint32_t>(i));
        }
        for (std::uint32_t d = 0; d <= levels; d++)
            for (auto& prefix : sets[d]) {
                number[d][prefix] = static_cast<std::uint32_t>(prefixes[d].size());
                prefixes[d].push_back(prefix);
            }
    }

    bool IsEnd(std::uint32_t depth, std::uint32_t node) const { return items.count(prefixes[depth][node]) > 0; }

    std::vector<std::uint32_t> Children(std::uint32_t depth, std::uint32_t node) const {
        std::vector<std::uint32_t> tokens;
        auto prefix = prefixes[depth][node];
        prefix.push_back(0);
        for (auto it = number[depth + 1].lower_bound(prefix); it != number[depth + 1].end(); ++it) {
            if (!std::equal(prefix.begin(), prefix.end() - 1, it->first.begin())) break;
            tokens.push_back(it->first.back());
        }
        return tokens;
    }

    std::uint32_t Child(std::uint32_t depth, std::uint32_t node, std::uint32_t token) const {
        auto prefix = prefixes[depth][node];
        prefix.push_back(token);
        return number[depth + 1].at(prefix);
    }
};

struct Candidate {
    double score;
    std::uint32_t parent, token, node;
};

inline double LogSumExp(const std::vector<double>& x) {
    double m = -std::numeric_limits<double>::infinity(), sum = 0;
    for (double v : x) m = std::max(m, v);
    for (double v : x) sum += std::exp(v - m);
    return m + std::log(sum);
}

// All candidates of one request, best first; `allowed` says whether a node of the next depth may be taken.
template <class Allowed>
std::vector<Candidate> Candidates(const Reference& reference, const StepCase& c, const std::vector<std::uint32_t>& columns, std::uint32_t request, Allowed allowed) {
    const double infinity = std::numeric_limits<double>::infinity();
    std::vector<Candidate> all;
    for (std::uint32_t b = c.start[request]; b < c.start[request + 1]; b++) {
        double score = c.scores[b];
        std::uint32_t node = c.nodes[b], parent = b - c.start[request];
        if (node == SIDR_NODE_DEAD || score == -infinity) continue;
        std::int32_t row = c.has_row ? c.row[b] : static_cast<std::int32_t>(b);
        std::vector<std::uint32_t> tokens;
        if (row >= 0) tokens = reference.Children(c.depth, node);
        if (tokens.empty()) {
            all.push_back({score, parent, SIDR_TOKEN_NONE, node});
            continue;
        }
        const float* logits = c.logits.data() + static_cast<std::size_t>(row) * c.row_stride;
        std::vector<double> legal, x;
        std::vector<std::uint32_t> nodes, kept;
        for (std::uint32_t token : tokens) {
            std::uint32_t child = reference.Child(c.depth, node, token);
            if (!allowed(request, child)) continue;
            std::uint32_t column = c.column_kind == SIDR_COLUMNS_TOKEN ? token : static_cast<std::uint32_t>(std::lower_bound(columns.begin(), columns.end(), token) - columns.begin());
            x.push_back(logits[column - c.first_column]);
            nodes.push_back(child);
            kept.push_back(token);
        }
        double lse = 0;
        if (c.mode == SIDR_SCORE_GIVEN) lse = c.lse[static_cast<std::size_t>(row)];
        else if (c.mode == SIDR_SCORE_ROW) lse = LogSumExp(std::vector<double>(logits, logits + c.row_width));
        else lse = LogSumExp(x);
        for (std::size_t i = 0; i < x.size(); i++)
            if (x[i] > -infinity) all.push_back({score + (x[i] - lse), parent, kept[i], nodes[i]});
    }
    std::sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
        if (a.score != b.score) return a.score > b.score;
        return a.parent != b.parent ? a.parent < b.parent : a.token < b.token;
    });
    return all;
}

// Whether a result is the full sort's, up to `tolerance` in a score; 0 = exactly.
template <class Allowed>
void CheckStep(const Reference& reference, const StepCase& c, const std::vector<std::uint32_t>& columns, const StepResult& r, double tolerance, Allowed allowed, const char* name) {
    double largest = 0;  // a score is a difference of numbers of this size, rounded to float
    for (float x : c.logits)
        if (std::isfinite(x)) largest = std::max(largest, std::fabs(static_cast<double>(x)));
    for (std::uint32_t q = 0; q < c.requests(); q++) {
        auto all = Candidates(reference, c, columns, q, allowed);
        std::map<std::pair<std::uint32_t, std::uint32_t>, Candidate> by_key;
        for (auto& candidate : all) by_key[{candidate.parent, candidate.token}] = candidate;
        std::uint32_t begin = c.start[q], width = c.start[q + 1] - begin;
        CHECK(r.flags[q] == 0, "%s: request %u is flagged %u", name, q, r.flags[q]);
        std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
        for (std::uint32_t i = 0; i < width; i++) {
            std::uint32_t b = begin + i;
            if (i >= all.size()) {
                CHECK(r.nodes[b] == SIDR_NODE_DEAD && r.tokens[b] == SIDR_TOKEN_NONE && r.parents[b] == -1 && r.scores[b] == -std::numeric_limits<float>::infinity() && r.next_row[b] == -1 && r.ids[b] == 0,
                      "%s: request %u slot %u should be unused", name, q, i);
                continue;
            }
            std::pair<std::uint32_t, std::uint32_t> key{static_cast<std::uint32_t>(r.parents[b]), r.tokens[b]};
            bool known = by_key.count(key) > 0;
            CHECK(known, "%s: request %u slot %u: parent %d token %u is no candidate", name, q, i, r.parents[b], r.tokens[b]);
            if (!known) continue;
            CHECK(seen.insert(key).second, "%s: request %u slot %u twice", name, q, i);
            const Candidate& mine = by_key[key];
            CHECK(mine.node == r.nodes[b], "%s: request %u slot %u: node %u, expected %u", name, q, i, r.nodes[b], mine.node);
            double span = tolerance * (1 + std::fabs(mine.score) + largest / 8);
            CHECK(std::fabs(mine.score - r.scores[b]) <= span, "%s: request %u slot %u: score %.9g, expected %.9g", name, q, i, r.scores[b], mine.score);
            CHECK(std::fabs(all[i].score - r.scores[b]) <= span, "%s: request %u slot %u: score %.9g, the sort has %.9g there", name, q, i, r.scores[b], all[i].score);
            if (tolerance == 0) CHECK(all[i].parent == key.first && all[i].token == key.second, "%s: request %u slot %u: order of equal scores", name, q, i);
            if (i > 0 && r.parents[b - 1] >= 0) {
                bool ordered = r.scores[b - 1] > r.scores[b] || (r.scores[b - 1] == r.scores[b] && (r.parents[b - 1] < r.parents[b] || (r.parents[b - 1] == r.parents[b] && r.tokens[b - 1] < r.tokens[b])));
                CHECK(ordered, "%s: request %u slot %u out of order", name, q, i);
            }
            bool took = r.tokens[b] != SIDR_TOKEN_NONE;
            bool ended = !took || reference.IsEnd(c.depth + 1, r.nodes[b]);
            CHECK(r.next_row[b] == (ended ? -1 : static_cast<std::int32_t>(b)), "%s: next_row[%u] is %d", name, b, r.next_row[b]);
            CHECK(r.ids[b] == (took ? static_cast<std::int64_t>(r.tokens[b]) : 0), "%s: input id", name);
            CHECK(r.positions[b] == c.base[q] + c.depth, "%s: position", name);
            for (std::uint32_t d = 0; d < c.depth; d++)
                CHECK(r.ancestors[std::size_t{b} * SIDR_MAX_LEVELS + d] == c.ancestors[std::size_t{begin + key.first} * SIDR_MAX_LEVELS + d], "%s: ancestor", name);
            CHECK(r.ancestors[std::size_t{b} * SIDR_MAX_LEVELS + c.depth] == static_cast<std::int32_t>(c.depth * c.beams() + b), "%s: own column", name);
        }
    }
}

}  // namespace test
