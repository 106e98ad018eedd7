// Device time of one beam step inside a CUDA graph, at the sizes of the goals; every case is first compared with the CPU kernel bit for bit.
// usage: gpu_bench [--image FILE] [--json FILE] [--variants auto|all] [--small]
// One line a case: median microseconds a step over replays of a graph of steps, each with its own logits. With --variants all, every kernel path and
// shape of blocks, then a table of each case's best, and the clocks of block 0 at the borders of the kernel's phases.
#include <cstring>
#include <map>
#include <string>

#include "../../tests/native/support.h"
#include "cuda_timing.h"

using namespace test;

namespace {

struct Options {
    const char* image = nullptr;
    const char* json = nullptr;
    bool all_variants = false, small = false;
};

// What the library is told by its environment; see device.cpp.
struct Variant {
    const char* name;
    const char* path = nullptr;
    const char* shape = nullptr;
    const char* early = nullptr;
    const char* stamps = nullptr;
    bool is_auto() const { return !path && !shape && !early && !stamps; }
};

constexpr int kStamps = 12;
const char* const kPhases[kStamps] = {"start", "begin", "beams", "lse0", "scores0", "scores", "barrier", "bound", "collect", "barrier", "gather", "write"};

// Distinct random SIDs; level l's tokens are l * codes to l * codes + codes - 1.
Catalog RandomCatalog(std::uint64_t items, std::uint32_t levels, std::uint32_t codes) {
    Random random(17);
    Catalog catalog;
    catalog.levels = levels;
    for (std::uint64_t i = 0; i < items; i++) {
        std::vector<std::uint32_t> sid;
        for (std::uint32_t l = 0; l < levels; l++) sid.push_back(l * codes + random.Below(codes));
        catalog.sids.push_back(sid);
    }
    for (std::uint32_t t = 0; t < levels * codes; t++) catalog.columns.push_back(t);
    return catalog;
}

struct Case {
    std::uint32_t codes, batch, beams, depth, type;
    double goal;
    bool is_idle = false;  // no beam is live: what a launch costs by itself
};

const char* TypeName(std::uint32_t type) { return type == SIDR_F32 ? "f32" : type == SIDR_F16 ? "f16" : "bf16"; }

class Bench {
public:
    explicit Bench(const Options& options) : options_(options) {
        for (int i = 0; i < 1 << 22; i++) pool_.push_back(static_cast<float>(random_.Normal() * 3));
    }

    bool Run() {
        if (options_.json) json_ = std::fopen(options_.json, "w");
        for (std::uint32_t codes : {256u, 2048u}) {
            std::uint64_t items = options_.small ? 20000 : 1000000;
            if (options_.small && codes > 256) break;
            TrieHandle trie = Build(RandomCatalog(items, 3, codes));
            std::vector<Case> cases;
            for (std::uint32_t batch : {1u, 64u})
                for (std::uint32_t beams : {10u, 50u, 500u}) {
                    if (options_.small && batch * beams > 500) continue;
                    double goal = batch == 1 ? (beams == 10 ? 5 : beams == 50 ? 6 : 14) : (beams == 10 ? 7 : beams == 50 ? 12 : 70);
                    cases.push_back({codes, batch, beams, 1, SIDR_BF16, goal});
                }
            for (std::uint32_t type : {SIDR_F32, SIDR_F16}) cases.push_back({codes, 1, 50, 1, type, 6});
            cases.push_back({codes, 64, 50, 1, SIDR_F32, 12});
            cases.push_back({codes, 64, 500, 1, SIDR_F32, 70});
            for (std::uint32_t depth : {0u, 2u}) cases.push_back({codes, 1, 50, depth, SIDR_BF16, 6});
            if (options_.small) cases.resize(4);
            for (std::uint32_t batch : {1u, options_.small ? 2u : 64u}) cases.push_back({codes, batch, 50, 1, SIDR_BF16, 0, true});
            std::vector<Variant> variants = {{"auto"}, {"early", nullptr, nullptr, "1"}};  // the two settings that a host can choose
            if (options_.all_variants) {
                variants.push_back({"general", "general"});
                for (const char* s : {"256,1", "512,1", "512,2", "512,4", "512,8", "1024,1", "1024,2", "1024,4", "1024,8"}) {
                    variants.push_back({s, nullptr, s});
                    if (options_.small) break;
                }
                variants.push_back({"stamps", nullptr, nullptr, nullptr, "1"});
            }
            std::vector<StepCase> steps;
            for (auto& c : cases) steps.push_back(MakeStep(trie.trie, c));
            for (auto& v : variants) {
                auto set = [](const char* name, const char* value) { value ? setenv(name, value, 1) : unsetenv(name); };
                set("SIDR_CUDA_PATH", v.path);
                set("SIDR_CUDA_SHAPE", v.shape);
                set("SIDR_CUDA_EARLY", v.early);
                set("SIDR_CUDA_STAMPS", v.stamps);
                if (!WithVariant(trie.trie, cases, steps, v)) return false;
            }
        }
        if (options_.all_variants) PrintTables();
        if (json_) std::fclose(json_);
        return failures == 0;
    }

private:
    // A full set of beams at the case's depth: distinct random nodes, best first.
    StepCase MakeStep(const sidr_trie* trie, const Case& k) {
        StepCase c;
        c.trie = trie;
        c.depth = k.depth;
        c.max_width = k.beams;
        c.type = k.type;
        c.mode = SIDR_SCORE_ROW;
        c.uniform = true;
        for (std::uint32_t q = 0; q <= k.batch; q++) c.start.push_back(q * k.beams);
        c.first_column = k.depth * k.codes;
        c.row_width = k.codes;
        c.row_stride = k.codes;
        c.rows = c.beams();
        c.has_row = false;
        c.base.assign(k.batch, 100);
        c.ancestors.assign(std::size_t{c.beams()} * SIDR_MAX_LEVELS, 0);
        sidr_trie_info info = {};
        info.size = sizeof info;
        OK(sidr_trie_get_info(trie, &info));
        for (std::uint32_t b = 0; b < c.beams(); b++) {
            std::uint32_t i = b % k.beams;
            if (k.is_idle || (k.depth == 0 && i > 0)) {
                c.nodes.push_back(SIDR_NODE_DEAD);
                c.scores.push_back(-std::numeric_limits<float>::infinity());
            } else {
                c.nodes.push_back(k.depth == 0 ? 0 : random_.Below(info.nodes[k.depth]));
                c.scores.push_back(k.depth == 0 ? 0.0f : -0.5f - 0.01f * static_cast<float>(i) - static_cast<float>(random_.Unit()) * 0.005f);
            }
        }
        c.keeps_inputs = true;
        return c;
    }

    std::vector<float> Logits(std::size_t count, std::size_t shift) const {
        std::vector<float> x(count);
        for (std::size_t i = 0; i < count; i++) x[i] = pool_[(i * 5 + shift * 7919) & (pool_.size() - 1)];
        return x;
    }

    bool WithVariant(const sidr_trie* host, const std::vector<Case>& cases, std::vector<StepCase>& steps, const Variant& variant) {
        sidr_device* device = nullptr;
        if (sidr_device_open(0, options_.image, &device) != SIDR_OK) {
            std::printf("no device: %s\n", LastError().c_str());
            return false;
        }
        if (!timing_) timing_ = std::make_unique<bench::CudaTiming>();
        sidr_device_info info = {};
        info.size = sizeof info;
        OK(sidr_device_get_info(device, &info));
        if (!is_named_) std::printf("%s, driver %d, image %s, clusters %d\n", info.name, info.driver_version, info.image, info.has_clusters);
        is_named_ = true;
        sidr_trie* uploaded = nullptr;
        OK(sidr_trie_upload(host, device, &uploaded));
        for (std::size_t i = 0; i < cases.size(); i++) Time(device, uploaded, cases[i], steps[i], variant, info);
        sidr_trie_close(uploaded);
        OK(sidr_device_close(device));
        return true;
    }

    void Time(sidr_device* device, const sidr_trie* trie, const Case& k, StepCase& c, const Variant& variant, const sidr_device_info& info) {
        if (variant.stamps && k.type != SIDR_BF16) return;
        std::size_t element = k.type == SIDR_F32 ? 4 : 2, bytes = std::size_t{c.rows} * c.row_stride * element;
        std::size_t sets = std::clamp<std::size_t>((std::size_t{1} << 30) / bytes, 2, options_.small ? 2 : 16);
        std::uint32_t beams = c.beams();
        std::vector<void*> taken;
        auto take = [&](std::size_t n) {
            void* p = nullptr;
            OK(sidr_memory_allocate(device, n, 0, &p));
            taken.push_back(p);
            return p;
        };
        void* stream = nullptr;
        OK(sidr_stream_create(device, &stream));
        // Check against the CPU first, with the first set.
        if (c.bytes.empty()) c.SetLogits(Logits(std::size_t{c.rows} * c.row_stride, 0));
        {
            DeviceKernel kernel(device);
            StepResult there = kernel.Run(c);
            StepResult& here = expected_[Title(k)];
            if (here.nodes.empty()) here = RunCpu(c, SIDR_CPU_BEST);
            std::string why;
            CHECK(there.status == SIDR_OK && SameBits(here, there, &why), "%s %s: %s %s", Title(k).c_str(), variant.name, why.c_str(), LastError().c_str());
            if (there.status != SIDR_OK) return;  // nor may it be captured
        }
        std::vector<void*> logits;
        for (std::size_t s = 0; s < sets; s++) {
            logits.push_back(take(bytes));
            OK(sidr_memory_copy(device, logits.back(), c.bytes.data(), bytes, stream));
            // Another order of the same numbers: rotated by rows.
            std::size_t cut = (s * 37 % c.rows) * c.row_stride * element;
            if (cut) {
                OK(sidr_memory_copy(device, logits.back(), c.bytes.data() + cut, bytes - cut, stream));
                OK(sidr_memory_copy(device, static_cast<char*>(logits.back()) + (bytes - cut), c.bytes.data(), cut, stream));
            }
        }
        StepResult r;
        sidr_beam_advance_args a = test::Arguments(c, r);
        auto upload = [&](const void* from, std::size_t n) {
            void* p = take(n);
            OK(sidr_memory_copy(device, p, from, n, stream));
            return p;
        };
        a.nodes = static_cast<std::uint32_t*>(upload(c.nodes.data(), beams * 4));
        a.scores = static_cast<float*>(upload(c.scores.data(), beams * 4));
        a.next_nodes = static_cast<std::uint32_t*>(take(beams * 4));
        a.next_scores = static_cast<float*>(take(beams * 4));
        a.parents = static_cast<std::int32_t*>(take(beams * 4));
        a.tokens = static_cast<std::uint32_t*>(take(beams * 4));
        a.next_row = static_cast<std::int32_t*>(take(beams * 4));
        a.input_ids = static_cast<std::int64_t*>(take(beams * 8));
        a.positions = static_cast<std::int64_t*>(take(beams * 8));
        a.base_position = static_cast<std::int64_t*>(upload(c.base.data(), c.base.size() * 8));
        a.ancestors = static_cast<std::int32_t*>(upload(c.ancestors.data(), c.ancestors.size() * 4));
        a.next_ancestors = static_cast<std::int32_t*>(take(c.ancestors.size() * 4));
        a.flags = static_cast<std::uint32_t*>(take(c.requests() * 4));
        a.request_start = nullptr;
        a.row = nullptr;
        a.filter_bits = nullptr;
        OK(sidr_beam_advance_workspace_size(trie, &a, &a.workspace_bytes));
        std::uint64_t none[kStamps] = {};
        a.workspace = take(a.workspace_bytes);
        OK(sidr_memory_copy(device, a.workspace, none, sizeof none, stream));
        a.stream = stream;
        OK(sidr_stream_synchronize(device, stream));

        const int steps = options_.small ? 2 : 32, replays = options_.small ? 3 : 25;
        bool works = true;
        void* exec = timing_->Capture(stream, [&] {
            for (int i = 0; i < steps; i++) {
                a.sid_logits = logits[static_cast<std::size_t>(i) % sets];
                works &= sidr_beam_advance(trie, &a) == SIDR_OK;
            }
        });
        double median = -1, least = -1;
        if (works) {
            for (int i = 0; i < 3; i++) timing_->Replay(exec, stream);
            std::vector<double> us;
            for (int i = 0; i < replays; i++) us.push_back(timing_->Replay(exec, stream) * 1000 / steps);
            std::sort(us.begin(), us.end());
            median = us[us.size() / 2];
            least = us[0];
        }
        timing_->Destroy(exec);
        if (variant.stamps) {
            std::uint64_t stamps[kStamps] = {};
            OK(sidr_memory_copy(device, stamps, a.workspace, sizeof stamps, stream));
            OK(sidr_stream_synchronize(device, stream));
            std::string line = Title(k) + " :";
            std::uint64_t before = stamps[0];
            for (int i = 1; i < kStamps; i++) {
                if (stamps[i] < before || stamps[i] == 0) continue;  // a phase that this block did not see
                line += std::string(" ") + kPhases[i] + " " + std::to_string(stamps[i] - before);
                before = stamps[i];
            }
            phases_.push_back(line + "  all " + std::to_string(before - stamps[0]));
        } else {
            results_[Title(k)].push_back({works ? median : 1e9, variant.name});
        }
        for (void* p : taken) OK(sidr_memory_free(device, p, 0));
        OK(sidr_stream_destroy(device, stream));
        std::printf("%s  %-8s  %8.2f us  (least %.2f, goal %.0f)%s\n", Title(k).c_str(), variant.name, median, least, k.goal, works ? "" : "  refused");
        std::fflush(stdout);
        if (json_) {
            std::fprintf(json_, "{\"what\":\"step\",\"gpu\":\"%s\",\"image\":\"%s\",\"codes\":%u,\"depth\":%u,\"batch\":%u,\"beams\":%u,\"type\":\"%s\",\"variant\":\"%s\",\"us_median\":%.3f,\"us_least\":%.3f,\"goal_us\":%.0f,\"idle\":%s}\n",
                         info.name, info.image, k.codes, k.depth, k.batch, k.beams, TypeName(k.type), variant.name, median, least, k.goal, k.is_idle ? "true" : "false");
            std::fflush(json_);
        }
    }

    static std::string Title(const Case& k) {
        char text[120];
        std::snprintf(text, sizeof text, "codes %4u  depth %u  batch %2u  beams %3u  %-4s%s", k.codes, k.depth, k.batch, k.beams, TypeName(k.type), k.is_idle ? "  idle" : "");
        return text;
    }

    void PrintTables() {
        std::printf("--- best first, us\n");
        for (auto& [title, times] : results_) {
            std::sort(times.begin(), times.end());
            std::printf("%s :", title.c_str());
            for (auto& [us, name] : times) std::printf(" %s=%.2f", name.c_str(), us);
            std::printf("\n");
        }
        std::printf("--- clocks of block 0 from border to border, shape auto\n");
        for (auto& line : phases_) std::printf("%s\n", line.c_str());
    }

    std::map<std::string, StepResult> expected_;
    std::map<std::string, std::vector<std::pair<double, std::string>>> results_;
    std::vector<std::string> phases_;
    Options options_;
    Random random_{23};
    std::vector<float> pool_;
    std::unique_ptr<bench::CudaTiming> timing_;
    bool is_named_ = false;
    std::FILE* json_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; i++) {
        if (!std::strcmp(argv[i], "--image") && i + 1 < argc) options.image = argv[++i];
        else if (!std::strcmp(argv[i], "--json") && i + 1 < argc) options.json = argv[++i];
        else if (!std::strcmp(argv[i], "--variants") && i + 1 < argc) options.all_variants = !std::strcmp(argv[++i], "all");
        else if (!std::strcmp(argv[i], "--small")) options.small = true;
        else {
            std::printf("usage: gpu_bench [--image FILE] [--json FILE] [--variants auto|all] [--small]\n");
            return 2;
        }
    }
    return Bench(options).Run() ? 0 : 1;
}
