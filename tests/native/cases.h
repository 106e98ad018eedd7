// Random searches: a catalogue, a batch of requests of different widths, logits of every kind; each step is one StepCase.
#pragma once

#include "reference.h"

namespace test {

struct SearchPlan {
    Catalog catalog;
    std::uint32_t requests, widest;
    std::uint32_t type, mode, column_kind;
    bool ties, filtered, uniform, sparse_rows, narrow;
};

inline SearchPlan RandomPlan(Random& random, std::uint32_t scale) {
    SearchPlan p;
    static const std::uint32_t code_choices[] = {1, 2, 3, 7, 16, 33, 100, 256, 300, 700};
    std::uint32_t levels = 1 + random.Below(random.Chance(0.2) ? 8 : 4);
    std::uint32_t codes = code_choices[random.Below(random.Chance(0.3) ? 10 : 8)];
    std::uint32_t items = 1 + random.Below(random.Chance(0.3) ? scale * 10 : scale);
    std::uint32_t base = random.Chance(0.3) ? 0 : random.Below(200000), stride = random.Chance(0.3) ? 0 : codes + random.Below(3);
    p.catalog = MakeCatalog(random, items, levels, codes, base, stride, random.Chance(0.3), random.Chance(0.5) ? 0.1 : 0.0, random.Chance(0.5) ? 1.0 : 3.0,
                            random.Chance(0.5) ? random.Below(40) : 0);
    p.requests = 1 + random.Below(4);
    static const std::uint32_t widths[] = {1, 2, 5, 10, 50, 64, 65, 130, 300, 500};
    p.widest = widths[random.Below(10)];
    p.type = random.Below(3);
    p.mode = random.Below(3);
    p.column_kind = base < 3000 && random.Chance(0.5) ? static_cast<std::uint32_t>(SIDR_COLUMNS_TOKEN) : static_cast<std::uint32_t>(SIDR_COLUMNS_SID);
    p.ties = random.Chance(0.4);
    p.filtered = random.Chance(0.4);
    p.uniform = random.Chance(0.5);
    p.sparse_rows = random.Chance(0.5);
    p.narrow = random.Chance(0.3);
    return p;
}

// Runs a whole search; `step` is called with each case, the allowed nodes by a function and the tolerance, and gives the result to go on with.
template <class StepFunction>
void RunSearch(Random& random, const SearchPlan& plan, const sidr_trie* trie, const Reference& reference, StepFunction step) {
    const Catalog& catalog = plan.catalog;
    StepCase c;
    c.trie = trie;
    c.type = plan.type;
    c.mode = plan.mode;
    c.column_kind = plan.column_kind;
    c.max_width = plan.widest;
    c.uniform = plan.uniform;
    c.start = {0};
    for (std::uint32_t q = 0; q < plan.requests; q++) c.start.push_back(c.start.back() + (plan.uniform ? plan.widest : random.Below(plan.widest + 1)));
    std::uint32_t beams = c.beams();
    if (beams == 0) return;

    // Filters: one a request at most; node bits by the library, the oracle's by the items' prefixes.
    std::uint64_t words = 0;
    OK(sidr_filter_words(trie, &words));
    std::vector<std::vector<std::set<std::uint32_t>>> allowed(plan.requests);
    c.filter_stride = words + 3;
    c.filter_of.assign(plan.requests, -1);
    if (plan.filtered) {
        std::uint32_t filters = 0;
        for (std::uint32_t q = 0; q < plan.requests; q++) {
            if (random.Chance(0.3)) continue;
            double share = random.Chance(0.2) ? 0.0 : random.Unit();
            std::vector<std::uint64_t> bits((catalog.sids.size() + 63) / 64);
            allowed[q].resize(catalog.levels + 1);
            for (std::size_t i = 0; i < catalog.sids.size(); i++)
                if (random.Chance(share)) {
                    bits[i / 64] |= std::uint64_t{1} << (i % 64);
                    std::vector<std::uint32_t> prefix;
                    for (std::uint32_t token : catalog.sids[i]) {
                        prefix.push_back(token);
                        allowed[q][prefix.size()].insert(reference.number[prefix.size()].at(prefix));
                    }
                }
            c.filters.resize((filters + 1) * c.filter_stride, ~std::uint64_t{0});
            OK(sidr_filter_lift(trie, bits.data(), c.filters.data() + filters * c.filter_stride, nullptr));
            c.filter_of[q] = static_cast<std::int32_t>(filters++);
        }
        if (filters == 0) c.filters.assign(c.filter_stride, 0);
    }

    c.nodes.assign(beams, SIDR_NODE_DEAD);
    c.scores.assign(beams, -std::numeric_limits<float>::infinity());
    c.base.assign(plan.requests, 0);
    c.ancestors.assign(std::size_t{beams} * SIDR_MAX_LEVELS, -1);
    c.row.assign(beams, -1);
    for (std::uint32_t q = 0; q < plan.requests; q++) {
        c.base[q] = random.Below(5000);
        if (c.start[q] == c.start[q + 1]) continue;
        c.nodes[c.start[q]] = 0;
        c.scores[c.start[q]] = 0;
        c.row[c.start[q]] = static_cast<std::int32_t>(c.start[q]);
    }
    for (c.depth = 0; c.depth < catalog.levels; c.depth++) {
        // Columns of this level, and rows that hold just them or more.
        const std::vector<std::uint32_t>& columns = catalog.columns;
        std::uint32_t all = plan.column_kind == SIDR_COLUMNS_TOKEN ? columns.back() + 1 : static_cast<std::uint32_t>(columns.size());
        c.first_column = 0;
        c.row_width = all;
        if (plan.narrow) {
            std::uint32_t low = ~0u, high = 0;
            for (auto& prefix : reference.prefixes[c.depth + 1]) {
                std::uint32_t token = prefix.back();
                std::uint32_t column = plan.column_kind == SIDR_COLUMNS_TOKEN ? token : static_cast<std::uint32_t>(std::lower_bound(columns.begin(), columns.end(), token) - columns.begin());
                low = std::min(low, column);
                high = std::max(high, column);
            }
            c.first_column = low;
            c.row_width = high - low + 1;
        }
        c.row_stride = c.row_width + (random.Chance(0.5) ? random.Below(9) : 0);
        if (random.Chance(0.3)) c.row_stride = (c.row_stride + 7) / 8 * 8;
        c.keeps_inputs = random.Chance(0.5);
        c.has_row = true;
        if (plan.sparse_rows) {  // rows in another order, only for those that need one
            std::uint32_t next = 0;
            for (std::uint32_t b = beams; b-- > 0;)
                if (c.row[b] >= 0) c.row[b] = static_cast<std::int32_t>(next++);
            c.rows = std::max(1u, next);
        } else {
            c.rows = beams;
            bool all_rows = true;
            for (std::uint32_t b = 0; b < beams; b++) {
                if (c.row[b] >= 0) c.row[b] = static_cast<std::int32_t>(b);
                else if (c.nodes[b] != SIDR_NODE_DEAD) all_rows = false;
            }
            if (all_rows && random.Chance(0.5)) c.has_row = false;
        }
        double spread = random.Chance(0.2) ? 30.0 : 3.0, shift = random.Chance(0.3) ? 40.0 : 0.0;
        std::vector<float> logits(static_cast<std::size_t>(c.rows) * c.row_stride);
        bool all_equal = plan.ties && random.Chance(0.2);
        for (auto& x : logits) {
            x = static_cast<float>(random.Normal() * spread + shift);
            if (plan.ties) x = all_equal ? 1.0f : std::nearbyint(x);
            if (random.Chance(0.02)) x = -std::numeric_limits<float>::infinity();
        }
        for (std::uint32_t q = 0; q < c.rows; q++)  // what lies between the rows must not be read
            for (std::uint64_t k = c.row_width; k < c.row_stride; k++) logits[q * c.row_stride + k] = std::numeric_limits<float>::quiet_NaN();
        c.SetLogits(std::move(logits));
        c.lse.resize(c.rows);
        for (auto& v : c.lse) v = plan.ties ? static_cast<float>(20 + random.Below(3)) : static_cast<float>(20 + random.Normal());

        // Whole numbers everywhere make the sum exact, so that equal scores are equal for the oracle too.
        double tolerance = plan.ties && plan.mode == SIDR_SCORE_GIVEN ? 0.0 : 2e-6;
        auto is_allowed = [&](std::uint32_t q, std::uint32_t node) { return allowed[q].empty() || allowed[q][c.depth + 1].count(node) > 0; };
        StepResult r = step(c, is_allowed, tolerance);

        c.nodes = r.nodes;
        c.scores = r.scores;
        c.row = r.next_row;
        c.ancestors = r.ancestors;
    }
}

}  // namespace test
