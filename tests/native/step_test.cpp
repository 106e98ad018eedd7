// Every CPU kernel against the slow obvious step, and against each other bit for bit.
#include "cases.h"

using namespace test;

namespace {

void RandomSearches(std::uint32_t count, std::uint32_t first_seed) {
    for (std::uint32_t seed = first_seed; seed < first_seed + count; seed++) {
        Random random(seed);
        SearchPlan plan = RandomPlan(random, 300);
        TrieHandle trie = Build(plan.catalog);
        Reference reference(plan.catalog);
        RunSearch(random, plan, trie.trie, reference, [&](const StepCase& c, auto allowed, double tolerance) {
            std::string name = "seed " + std::to_string(seed) + " depth " + std::to_string(c.depth);
            StepResult scalar = RunCpu(c, SIDR_CPU_SCALAR);
            CHECK(scalar.status == SIDR_OK, "%s: %s", name.c_str(), LastError().c_str());
            CheckStep(reference, c, plan.catalog.columns, scalar, tolerance, allowed, (name + " scalar").c_str());
            for (std::uint32_t level : {SIDR_CPU_AVX2, SIDR_CPU_AVX512}) {
                StepResult other = RunCpu(c, level);
                if (other.status == SIDR_NO_DEVICE) continue;
                std::string why;
                CHECK(SameBits(scalar, other, &why), "%s: instruction set %u: %s", name.c_str(), level, why.c_str());
            }
            return scalar;
        });
        if (failures) break;
    }
}

// Rows wider than a tile, in every type.
void WideRows() {
    Random random(5);
    Catalog catalog = MakeCatalog(random, 500, 2, 64, 9000, 64, false, 0, 1, 0);
    TrieHandle trie = Build(catalog);
    Reference reference(catalog);
    for (std::uint32_t type : {SIDR_F32, SIDR_F16, SIDR_BF16})
        for (std::uint32_t width : {9128u, 12288u, 20001u}) {
            SearchPlan plan{catalog, 2, 7, type, SIDR_SCORE_ROW, SIDR_COLUMNS_TOKEN, false, false, true, false, false};
            RunSearch(random, plan, trie.trie, reference, [&](const StepCase& given, auto allowed, double) {
                StepCase c = given;
                c.row_width = width;
                c.row_stride = width + 1;
                std::vector<float> logits(c.rows * c.row_stride);
                for (auto& x : logits) x = static_cast<float>(random.Normal() * 4);
                for (std::uint32_t k = 0; k < 4096; k++) logits[k] = -std::numeric_limits<float>::infinity();
                c.SetLogits(std::move(logits));
                StepResult scalar = RunCpu(c, SIDR_CPU_SCALAR);
                CheckStep(reference, c, catalog.columns, scalar, 2e-6, allowed, "wide rows");
                for (std::uint32_t level : {SIDR_CPU_AVX2, SIDR_CPU_AVX512}) {
                    StepResult other = RunCpu(c, level);
                    std::string why;
                    CHECK(other.status == SIDR_NO_DEVICE || SameBits(scalar, other, &why), "wide rows: %s", why.c_str());
                }
                return scalar;
            });
        }
}

// A root with more children than a block holds, and as many beams as allowed.
void LargeRoot() {
    Random random(6);
    Catalog catalog = MakeCatalog(random, 70000, 1, 65536, 5, 0, false, 0, 1, 0);
    TrieHandle trie = Build(catalog);
    Reference reference(catalog);
    for (bool ties : {false, true}) {
        SearchPlan plan{catalog, 1, 1024, SIDR_F32, SIDR_SCORE_GIVEN, SIDR_COLUMNS_SID, ties, false, true, false, false};
        RunSearch(random, plan, trie.trie, reference, [&](const StepCase& c, auto allowed, double tolerance) {
            StepResult scalar = RunCpu(c, SIDR_CPU_SCALAR);
            CheckStep(reference, c, catalog.columns, scalar, tolerance, allowed, "large root");
            StepResult best = RunCpu(c, SIDR_CPU_BEST);
            std::string why;
            CHECK(SameBits(scalar, best, &why), "large root: %s", why.c_str());
            return scalar;
        });
    }
}

// A request's result does not depend on what else is in the batch.
void BatchEqualsSingles() {
    Random random(7);
    Catalog catalog = MakeCatalog(random, 400, 3, 20, 100, 20, true, 0.1, 1, 0);
    TrieHandle trie = Build(catalog);
    Reference reference(catalog);
    SearchPlan plan{catalog, 4, 30, SIDR_BF16, SIDR_SCORE_CHILDREN, SIDR_COLUMNS_SID, true, false, false, false, false};
    RunSearch(random, plan, trie.trie, reference, [&](const StepCase& c, auto, double) {
        StepResult batch = RunCpu(c, SIDR_CPU_BEST);
        for (std::uint32_t q = 0; q < c.requests(); q++) {
            std::uint32_t begin = c.start[q], width = c.start[q + 1] - begin;
            if (width == 0) continue;
            StepCase one = c;
            one.start = {0, width};
            one.has_row = true;
            one.base = {c.base[q]};
            one.filter_of = {-1};
            for (std::uint32_t i = 0; i < width; i++) {
                one.row[i] = c.has_row ? c.row[begin + i] : static_cast<std::int32_t>(begin + i);
                one.nodes[i] = c.nodes[begin + i];
                one.scores[i] = c.scores[begin + i];
            }
            one.row.resize(width);
            one.nodes.resize(width);
            one.scores.resize(width);
            StepResult single = RunCpu(one, SIDR_CPU_BEST);
            for (std::uint32_t i = 0; i < width; i++)
                CHECK(single.tokens[i] == batch.tokens[begin + i] && single.parents[i] == batch.parents[begin + i] && single.nodes[i] == batch.nodes[begin + i] &&
                          std::memcmp(&single.scores[i], &batch.scores[begin + i], 4) == 0,
                      "request %u slot %u", q, i);
        }
        return batch;
    });
}

// Not a number and its like: flagged, no ranking, the other requests untouched.
void BadLogits() {
    Random random(8);
    Catalog catalog = MakeCatalog(random, 200, 2, 40, 10, 40, false, 0, 1, 0);
    TrieHandle trie = Build(catalog);
    Reference reference(catalog);
    const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
    for (std::uint32_t mode : {SIDR_SCORE_CHILDREN, SIDR_SCORE_GIVEN, SIDR_SCORE_ROW})
        for (float bad : {nan, -nan, infinity})
            for (std::uint32_t level : {SIDR_CPU_SCALAR, SIDR_CPU_AVX2, SIDR_CPU_AVX512}) {
                SearchPlan plan{catalog, 3, 12, SIDR_F32, mode, SIDR_COLUMNS_SID, false, false, true, false, false};
                RunSearch(random, plan, trie.trie, reference, [&](const StepCase& c, auto, double) {
                    StepResult good = RunCpu(c, SIDR_CPU_SCALAR);
                    if (good.status != SIDR_OK || c.depth != 0) return good;
                    StepCase broken = c;
                    auto logits = c.logits;
                    logits[12 * c.row_stride + 3] = bad;  // the root row of request 1
                    broken.SetLogits(logits);
                    StepResult r = RunCpu(broken, level);
                    if (r.status == SIDR_NO_DEVICE) return good;
                    CHECK(r.status == SIDR_INVALID_LOGITS, "status %d", r.status);
                    CHECK(r.flags[0] == 0 && r.flags[1] == SIDR_FLAG_INVALID_LOGITS && r.flags[2] == 0, "flags %u %u %u", r.flags[0], r.flags[1], r.flags[2]);
                    for (std::uint32_t i = 0; i < 12; i++) {
                        CHECK(r.nodes[12 + i] == SIDR_NODE_DEAD && r.parents[12 + i] == -1, "slot %u has a ranking", i);
                        CHECK(r.nodes[i] == good.nodes[i] && r.nodes[24 + i] == good.nodes[24 + i], "another request changed");
                    }
                    StepCase lost = c;
                    lost.nodes[0] = 5000;
                    StepResult s = RunCpu(lost, level);
                    CHECK(s.status == SIDR_INVALID_LOGITS && s.flags[0] == SIDR_FLAG_INVALID_BEAM, "a node out of range: %d", s.status);
                    lost = c;
                    lost.has_row = true;
                    lost.row[0] = 1000;
                    s = RunCpu(lost, level);
                    CHECK(s.flags[0] == SIDR_FLAG_INVALID_BEAM, "a row out of range");
                    return good;
                });
            }
}

void Arguments() {
    Random random(9);
    Catalog catalog = MakeCatalog(random, 50, 2, 10, 0, 10, false, 0, 1, 0);
    TrieHandle trie = Build(catalog);
    Reference reference(catalog);
    SearchPlan plan{catalog, 1, 4, SIDR_F32, SIDR_SCORE_ROW, SIDR_COLUMNS_SID, false, false, true, false, false};
    RunSearch(random, plan, trie.trie, reference, [&](const StepCase& c, auto, double) {
        StepResult r;
        auto refused = [&](const char* word, auto change) {
            sidr_beam_advance_args a = test::Arguments(c, r);
            std::vector<unsigned char> store;
            OK(sidr_beam_advance_workspace_size(trie.trie, &a, &a.workspace_bytes));
            a.workspace = Aligned(store, a.workspace_bytes);
            change(a);
            auto nodes = r.nodes;
            sidr_status status = sidr_beam_advance(trie.trie, &a);
            CHECK(status == SIDR_INVALID_ARGUMENT || status == SIDR_WORKSPACE_TOO_SMALL, "%s: status %d", word, status);
            CHECK(LastError().find(word) != std::string::npos, "'%s' does not name %s", LastError().c_str(), word);
            CHECK(nodes == r.nodes, "%s: something was written", word);
        };
        refused("size", [](auto& a) { a.size--; });
        refused("depth", [](auto& a) { a.depth = 2; });
        refused("max_width", [](auto& a) { a.max_width = 1025; });
        refused("beams", [](auto& a) { a.beams++; });
        refused("logits_type", [](auto& a) { a.logits_type = 3; });
        refused("score_mode", [](auto& a) { a.score_mode = 3; });
        refused("row_stride", [](auto& a) { a.row_stride = a.row_width - 1; });
        refused("columns", [](auto& a) { a.row_width = 1; });
        refused("columns", [](auto& a) { a.first_column = a.row_width - 1; });
        refused("nodes", [](auto& a) { a.nodes = nullptr; });
        refused("workspace_bytes", [](auto& a) { a.workspace_bytes--; });
        refused("256", [](auto& a) { a.workspace = static_cast<char*>(a.workspace) + 4; });
        refused("log_sum_exp", [](auto& a) { a.score_mode = SIDR_SCORE_GIVEN; });
        refused("ancestor_stride", [](auto& a) { a.ancestor_stride = a.depth; });
        refused("request_start", [](auto& a) {
            static const std::uint32_t wrong[] = {1, 4};
            a.request_start = wrong;
        });
        return RunCpu(c, SIDR_CPU_BEST);
    });
}

}  // namespace

int main(int argc, char** argv) {
    std::uint32_t count = argc > 1 ? static_cast<std::uint32_t>(std::atoi(argv[1])) : 400;
    RandomSearches(count, argc > 2 ? static_cast<std::uint32_t>(std::atoi(argv[2])) : 1);
    WideRows();
    LargeRoot();
    BatchEqualsSingles();
    BadLogits();
    ::Arguments();
    return Finish("step_test");
}
