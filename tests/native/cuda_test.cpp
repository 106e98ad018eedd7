// The CUDA kernel against the CPU's, bit for bit, on random searches; filters on the device; what is said when the driver fails.
// Runs on the emulated driver in CTest (shapes of every kind by SIDR_CUDA_SHAPE), and on a GPU as it is.
#include "cases.h"

using namespace test;

namespace {

void RandomSearches(sidr_device* device, std::uint32_t count, std::uint32_t first_seed, std::uint32_t scale) {
    for (std::uint32_t seed = first_seed; seed < first_seed + count; seed++) {
        Random random(seed * 77 + 5);
        SearchPlan plan = RandomPlan(random, scale);
        TrieHandle trie = Build(plan.catalog);
        Reference reference(plan.catalog);
        DeviceKernel kernel(device);
        RunSearch(random, plan, trie.trie, reference, [&](const StepCase& c, auto, double) {
            StepResult host = RunCpu(c, SIDR_CPU_BEST), there = kernel.Run(c);
            CHECK(there.status == SIDR_OK, "seed %u depth %u: %s", seed, c.depth, LastError().c_str());
            std::string why;
            CHECK(SameBits(host, there, &why), "seed %u depth %u: %s", seed, c.depth, why.c_str());
            return host;
        });
        if (failures) break;
    }
}

void WideRows(sidr_device* device) {
    Random random(15);
    Catalog catalog = MakeCatalog(random, 500, 2, 64, 9000, 64, false, 0, 1, 0);
    TrieHandle trie = Build(catalog);
    Reference reference(catalog);
    DeviceKernel kernel(device);
    for (std::uint32_t type : {SIDR_F32, SIDR_F16, SIDR_BF16})
        for (std::uint32_t width : {9128u, 20001u}) {
            SearchPlan plan{catalog, 2, 7, type, SIDR_SCORE_ROW, SIDR_COLUMNS_TOKEN, false, false, true, false, false};
            RunSearch(random, plan, trie.trie, reference, [&](const StepCase& given, auto, double) {
                StepCase c = given;
                c.row_width = width;
                c.row_stride = (width + 7) / 8 * 8;
                std::vector<float> logits(c.rows * c.row_stride);
                for (auto& x : logits) x = static_cast<float>(random.Normal() * 4);
                for (std::uint32_t k = 0; k < 4096; k++) logits[k] = -std::numeric_limits<float>::infinity();
                c.SetLogits(std::move(logits));
                StepResult host = RunCpu(c, SIDR_CPU_BEST), there = kernel.Run(c);
                std::string why;
                CHECK(SameBits(host, there, &why), "wide rows: %s", why.c_str());
                return host;
            });
        }
}

// Many more equal scores than the last sort takes, and NaN of either sign.
void TiesAndFaults(sidr_device* device) {
    Random random(16);
    Catalog catalog = MakeCatalog(random, 9000, 2, 300, 10, 300, false, 0, 1, 0);
    TrieHandle trie = Build(catalog);
    Reference reference(catalog);
    DeviceKernel kernel(device);
    for (std::uint32_t type : {SIDR_F32, SIDR_F16, SIDR_BF16})
        for (std::uint32_t widest : {20u, 100u, 700u}) {
            SearchPlan plan{catalog, 1, widest, type, SIDR_SCORE_GIVEN, SIDR_COLUMNS_SID, true, false, true, false, false};
            RunSearch(random, plan, trie.trie, reference, [&](const StepCase& given, auto, double) {
                StepCase c = given;
                std::vector<float> logits(c.logits.size(), 1.0f);
                c.SetLogits(logits);
                std::fill(c.lse.begin(), c.lse.end(), 3.0f);
                StepResult host = RunCpu(c, SIDR_CPU_BEST), there = kernel.Run(c);
                std::string why;
                CHECK(SameBits(host, there, &why), "ties, %u beams: %s", widest, why.c_str());
                for (std::uint32_t mode : {SIDR_SCORE_CHILDREN, SIDR_SCORE_GIVEN, SIDR_SCORE_ROW})
                    for (float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
                        StepCase broken = c;
                        broken.mode = mode;
                        logits.assign(logits.size(), 1.0f);
                        logits[5] = bad;  // a child's, at the root; perhaps none's later
                        broken.SetLogits(logits);
                        StepResult h = RunCpu(broken, SIDR_CPU_BEST), t = kernel.Run(broken);
                        CHECK(SameBits(h, t, &why), "faults, mode %u: %s", mode, why.c_str());
                        if (c.depth == 0) CHECK(t.flags[0] == SIDR_FLAG_INVALID_LOGITS, "mode %u: flags %u", mode, t.flags[0]);
                    }
                StepCase lost = c;
                lost.nodes[0] = 4000000;
                StepResult h = RunCpu(lost, SIDR_CPU_BEST), t = kernel.Run(lost);
                CHECK(SameBits(h, t, &why), "a node out of range: %s", why.c_str());
                return host;
            });
        }
}

void Filters(sidr_device* device) {
    for (std::uint32_t seed = 1; seed <= 12; seed++) {
        Random random(seed + 900);
        Catalog catalog = MakeCatalog(random, 1 + random.Below(600), 1 + random.Below(4), 30, 5, 30, random.Chance(0.5), random.Chance(0.5) ? 0.2 : 0.0, 1, 0);
        TrieHandle trie = Build(catalog);
        sidr_trie* uploaded = nullptr;
        OK(sidr_trie_upload(trie.trie, device, &uploaded));
        TrieHandle there(uploaded);
        std::uint64_t words = (catalog.sids.size() + 63) / 64, node_words = 0;
        OK(sidr_filter_words(trie.trie, &node_words));
        std::vector<std::uint64_t> bitmaps(2 * words), items(words), nodes(node_words), items_back(words), nodes_back(node_words);
        for (auto& w : bitmaps) w = random.Next() & random.Next();
        std::int32_t program[] = {0, 1, SIDR_FILTER_NOT, SIDR_FILTER_OR};
        sidr_filter_evaluate_args args = {};
        args.size = sizeof args;
        args.bitmap_count = 2;
        args.bitmaps = bitmaps.data();
        args.program = program;
        args.length = 4;
        args.item_bits = items.data();
        OK(sidr_filter_evaluate(trie.trie, &args));
        OK(sidr_filter_lift(trie.trie, items.data(), nodes.data(), nullptr));
        void *d_bitmaps = nullptr, *d_items = nullptr, *d_nodes = nullptr, *stream = nullptr;
        OK(sidr_stream_create(device, &stream));
        OK(sidr_memory_allocate(device, bitmaps.size() * 8, 0, &d_bitmaps));
        OK(sidr_memory_allocate(device, words * 8, 0, &d_items));
        OK(sidr_memory_allocate(device, node_words * 8, 0, &d_nodes));
        OK(sidr_memory_copy(device, d_bitmaps, bitmaps.data(), bitmaps.size() * 8, stream));
        args.bitmaps = static_cast<std::uint64_t*>(d_bitmaps);
        args.item_bits = static_cast<std::uint64_t*>(d_items);
        args.stream = stream;
        OK(sidr_filter_evaluate(there.trie, &args));
        OK(sidr_filter_lift(there.trie, static_cast<std::uint64_t*>(d_items), static_cast<std::uint64_t*>(d_nodes), stream));
        OK(sidr_memory_copy(device, items_back.data(), d_items, words * 8, stream));
        OK(sidr_memory_copy(device, nodes_back.data(), d_nodes, node_words * 8, stream));
        OK(sidr_stream_synchronize(device, stream));
        CHECK(items == items_back, "seed %u: item bits differ", seed);
        CHECK(nodes == nodes_back, "seed %u: node bits differ", seed);
        for (void* p : {d_bitmaps, d_items, d_nodes}) OK(sidr_memory_free(device, p, 0));
        OK(sidr_stream_destroy(device, stream));
    }
}

// Whole searches one after another on one stream, nothing waited for in between: a step reads what the step before wrote, on the device. With
// SIDR_CUDA_EARLY=1 its blocks begin before that step has ended.
void Chains(sidr_device* device) {
    const std::uint32_t requests = 2, width = 70, beams = requests * width, levels = 3, searches = 6;
    Random random(17);
    Catalog catalog = MakeCatalog(random, 5000, levels, 60, 10, 60, false, 0, 1, 0);
    TrieHandle trie = Build(catalog);
    sidr_trie* uploaded = nullptr;
    OK(sidr_trie_upload(trie.trie, device, &uploaded));
    TrieHandle there(uploaded);
    std::uint32_t columns = static_cast<std::uint32_t>(catalog.columns.size());
    std::vector<float> logits(std::size_t{beams} * columns * levels);
    for (auto& x : logits) x = static_cast<float>(random.Normal() * 4);
    std::vector<std::uint32_t> nodes(beams * searches, SIDR_NODE_DEAD), tokens(beams * searches * levels);
    std::vector<float> scores(beams * searches, -std::numeric_limits<float>::infinity());
    std::vector<std::int32_t> rows(3 * beams), parents(beams * searches * levels);
    for (std::uint32_t i = 0; i < beams * searches; i += width) nodes[i] = 0, scores[i] = 0;
    for (std::uint32_t i = 0; i < beams; i++) rows[i] = static_cast<std::int32_t>(i);

    auto arguments = [&](std::uint32_t depth) {
        sidr_beam_advance_args a = {};
        a.size = sizeof a;
        a.depth = depth;
        a.requests = requests;
        a.beams = beams;
        a.max_width = width;
        a.rows = beams;
        a.logits_type = SIDR_F32;
        a.score_mode = SIDR_SCORE_ROW;
        a.column_kind = SIDR_COLUMNS_SID;
        a.row_width = columns;
        a.row_stride = columns;
        return a;
    };
    // All searches; every pointer is the caller's, on the trie's device.
    auto run = [&](const sidr_trie* on, const float* x, std::uint32_t* node, float* score, std::int32_t* row, std::int32_t* parent, std::uint32_t* token, void* workspace, std::uint64_t bytes, void* stream) {
        for (std::uint32_t q = 0; q < searches; q++)
            for (std::uint32_t d = 0; d < levels; d++) {
                sidr_beam_advance_args a = arguments(d);
                a.sid_logits = x + std::size_t{(d + q) % levels} * beams * columns;
                a.row = d == 0 ? row : row + beams * (1 + (d - 1) % 2);
                a.next_row = row + beams * (1 + d % 2);
                a.nodes = node + q * beams;
                a.scores = score + q * beams;
                a.parents = parent + (q * levels + d) * beams;
                a.tokens = token + (q * levels + d) * beams;
                a.workspace = workspace;
                a.workspace_bytes = bytes;
                a.stream = stream;
                OK(sidr_beam_advance(on, &a));
            }
    };
    auto workspace_bytes = [&](const sidr_trie* on) {
        std::uint64_t most = 0;
        for (std::uint32_t d = 0; d < levels; d++) {
            sidr_beam_advance_args a = arguments(d);
            std::uint64_t bytes = 0;
            OK(sidr_beam_advance_workspace_size(on, &a, &bytes));
            most = std::max(most, bytes);
        }
        return most;
    };

    void* stream = nullptr;
    OK(sidr_stream_create(device, &stream));
    std::vector<void*> taken;
    auto upload = [&](auto& from) {
        void* p = nullptr;
        std::size_t bytes = from.size() * sizeof from[0];
        OK(sidr_memory_allocate(device, bytes, 0, &p));
        OK(sidr_memory_copy(device, p, from.data(), bytes, stream));
        taken.push_back(p);
        return static_cast<std::remove_reference_t<decltype(from[0])>*>(p);
    };
    auto d_nodes = upload(nodes), d_tokens = upload(tokens);
    auto d_scores = upload(scores), d_logits = upload(logits);
    auto d_rows = upload(rows), d_parents = upload(parents);
    std::vector<unsigned char> scratch(workspace_bytes(uploaded));
    auto d_workspace = upload(scratch);
    run(uploaded, d_logits, d_nodes, d_scores, d_rows, d_parents, d_tokens, d_workspace, scratch.size(), stream);

    std::uint64_t host_bytes = workspace_bytes(trie.trie);
    std::unique_ptr<void, void (*)(void*)> workspace(std::aligned_alloc(256, (host_bytes + 255) / 256 * 256), std::free);
    run(trie.trie, logits.data(), nodes.data(), scores.data(), rows.data(), parents.data(), tokens.data(), workspace.get(), host_bytes, nullptr);
    auto same = [&](const char* what, auto& host, auto* from) {
        auto back = host;
        OK(sidr_memory_copy(device, back.data(), from, host.size() * sizeof host[0], stream));
        OK(sidr_stream_synchronize(device, stream));
        CHECK(std::memcmp(back.data(), host.data(), host.size() * sizeof host[0]) == 0, "chained searches: %s differ", what);
    };
    same("tokens", tokens, d_tokens);
    same("parents", parents, d_parents);
    same("nodes", nodes, d_nodes);
    same("scores", scores, d_scores);
    for (void* p : taken) OK(sidr_memory_free(device, p, 0));
    OK(sidr_stream_destroy(device, stream));
}

}  // namespace

int main(int argc, char** argv) {
    std::uint32_t count = argc > 1 ? static_cast<std::uint32_t>(std::atoi(argv[1])) : 40;
    std::uint32_t first = argc > 2 ? static_cast<std::uint32_t>(std::atoi(argv[2])) : 1, scale = argc > 3 ? static_cast<std::uint32_t>(std::atoi(argv[3])) : 200;
    const char* image = argc > 4 ? argv[4] : nullptr;
    sidr_device* device = nullptr;
    sidr_status status = sidr_device_open(0, image, &device);
    if (status == SIDR_NO_DEVICE && !std::getenv("SIDR_EXPECT_ERROR")) {
        std::printf("SKIPPED: %s\n", LastError().c_str());
        return 77;
    }
    if (const char* expected = std::getenv("SIDR_EXPECT_ERROR")) {  // a driver told to fail: the sentence must say what
        CHECK(status != SIDR_OK && LastError().find(expected) != std::string::npos, "status %d: '%s' does not say '%s'", status, LastError().c_str(), expected);
        std::printf("%s\n", LastError().c_str());
        return Finish("cuda_test");
    }
    CHECK(status == SIDR_OK, "%s", LastError().c_str());
    if (status != SIDR_OK) return 1;
    sidr_device_info info = {};
    info.size = sizeof info;
    OK(sidr_device_get_info(device, &info));
    std::printf("%s, capability %d, image %s, clusters %d\n", info.name, info.compute_capability, info.image, info.has_clusters);
    RandomSearches(device, count, first, scale);
    if (!std::getenv("SIDR_TEST_BRIEF")) {  // for the slowest of the GPU's checkers
        WideRows(device);
        TiesAndFaults(device);
        Filters(device);
        Chains(device);
    }
    OK(sidr_device_close(device));
    return Finish("cuda_test");
}
