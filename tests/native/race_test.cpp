// The emulated CUDA kernel at a size that ThreadSanitizer finishes: each of its paths on small searches, CPU and device bit for bit.
// The mutation test (eng/native-extra.sh full) removes one barrier at a time and expects this program to notice.
#include "cases.h"

using namespace test;

namespace {

// Few children, many children, more beams than a block's threads, ties, filters; levels 2 or 3.
void Searches(sidr_device* device, std::uint32_t seed) {
    struct Shape {
        std::uint32_t items, codes, requests, widest, type, mode;
        bool ties, filtered;
    };
    static const Shape shapes[] = {
        {120, 16, 2, 10, SIDR_F32, SIDR_SCORE_GIVEN, false, false},
        {300, 100, 1, 50, SIDR_BF16, SIDR_SCORE_CHILDREN, true, true},
        {400, 300, 2, 5, SIDR_F16, SIDR_SCORE_ROW, true, false},
        {700, 200, 1, 130, SIDR_F32, SIDR_SCORE_GIVEN, true, false},
    };
    std::uint32_t index = 0;
    for (const Shape& shape : shapes) {
        Random random(seed * 31 + index++);
        SearchPlan plan{MakeCatalog(random, shape.items, 2 + random.Below(2), shape.codes, 10, shape.codes, shape.ties, 0.1, 1, 0),
                        shape.requests, shape.widest, shape.type, shape.mode, static_cast<std::uint32_t>(SIDR_COLUMNS_SID), shape.ties, shape.filtered, false, true, false};
        TrieHandle trie = Build(plan.catalog);
        Reference reference(plan.catalog);
        DeviceKernel kernel(device);
        RunSearch(random, plan, trie.trie, reference, [&](const StepCase& c, auto, double) {
            StepResult host = RunCpu(c, SIDR_CPU_BEST), there = kernel.Run(c);
            std::string why;
            CHECK(there.status == SIDR_OK, "seed %u: %s", seed, LastError().c_str());
            CHECK(SameBits(host, there, &why), "seed %u depth %u, %u items: %s", seed, c.depth, shape.items, why.c_str());
            return host;
        });
        if (failures) return;
    }
}

// More equal scores than the list of survivors holds: the exact bound by radix selection, and the pruning between turns.
void Overflow(sidr_device* device, std::uint32_t type) {
    Random random(91);
    Catalog catalog = MakeCatalog(random, 6000, 2, 150, 10, 150, false, 0, 1, 0);
    TrieHandle trie = Build(catalog);
    Reference reference(catalog);
    DeviceKernel kernel(device);
    SearchPlan plan{catalog, 1, 50, type, SIDR_SCORE_GIVEN, SIDR_COLUMNS_SID, true, false, true, false, false};
    RunSearch(random, plan, trie.trie, reference, [&](const StepCase& given, auto, double) {
        StepCase c = given;
        c.SetLogits(std::vector<float>(c.logits.size(), 1.0f));
        std::fill(c.lse.begin(), c.lse.end(), 3.0f);
        StepResult host = RunCpu(c, SIDR_CPU_BEST), there = kernel.Run(c);
        std::string why;
        CHECK(SameBits(host, there, &why), "ties, depth %u: %s", c.depth, why.c_str());
        return host;
    });
}

}  // namespace

int main(int argc, char** argv) {
    std::uint32_t count = argc > 1 ? static_cast<std::uint32_t>(std::atoi(argv[1])) : 1;
    sidr_device* device = nullptr;
    sidr_status status = sidr_device_open(0, nullptr, &device);
    CHECK(status == SIDR_OK, "%s", LastError().c_str());
    if (status != SIDR_OK) return 1;
    for (std::uint32_t seed = 1; seed <= count && failures == 0; seed++) Searches(device, seed);
    for (std::uint32_t type : {SIDR_F32, SIDR_BF16}) Overflow(device, type);
    OK(sidr_device_close(device));
    return Finish("race_test");
}
