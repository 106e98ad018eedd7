// The CPU step beside its rivals, all in one run of one thread: a JSON line a measurement, then the ratios with the goals beside them.
//   cpu_bench [items in millions of the large catalogue, default 20] [rounds, default 15]
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "cpu_rivals.h"

using namespace bench;

namespace {

constexpr std::uint32_t kWidth = 50, kLevels = 3, kCodes = 256, kSid = kLevels * kCodes, kVocabulary = kFirstToken + kSid;
constexpr int kSets = 8;  // sets of logits taken in turn, so that none stays in the first cache for being the only one
int rounds = 15;

std::string Machine() {
    std::ifstream cpu("/proc/cpuinfo"), load("/proc/loadavg");
    std::string line, name = "unknown", average;
    while (std::getline(cpu, line))
        if (line.rfind("model name", 0) == 0) name = line.substr(line.find(':') + 2);
    std::getline(load, average);
    return "\"cpu\": \"" + name + "\", \"cores\": " + std::to_string(sysconf(_SC_NPROCESSORS_ONLN)) + ", \"load\": \"" + average.substr(0, average.find(' ')) + "\"";
}

void Line(const char* what, const std::string& of, double value, const char* unit) {
    std::printf("{\"what\": \"%s\", \"of\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", %s}\n", what, of.c_str(), value, unit, Machine().c_str());
    std::fflush(stdout);
}

struct Logits {
    std::vector<float> all, sid, lse;  // [rows, vocabulary], the same rows' SID columns, their log-sum-exp

    Logits(std::uint32_t rows, std::uint64_t seed) : all(std::size_t{rows} * kVocabulary), sid(std::size_t{rows} * kSid), lse(rows) {
        Random random{seed};
        for (auto& x : all) x = random.Logit();
        for (std::uint32_t r = 0; r < rows; r++) {
            std::copy_n(all.data() + std::size_t{r} * kVocabulary + kFirstToken, kSid, sid.data() + std::size_t{r} * kSid);
            lse[r] = LogSumExp(all.data() + std::size_t{r} * kVocabulary, kVocabulary);
        }
    }
};

// Scores in order agree to 2e-4: each rival sums exponentials its own way. That equal sums give equal bits is cpu_ladder's check.
void Agree(const char* name, const std::vector<Candidate>& a, const std::vector<Candidate>& b) {
    bool same = a.size() == b.size();
    for (std::size_t i = 0; same && i < a.size(); i++) same = std::fabs(a[i].score - b[i].score) < 2e-4f;
    if (same) return;
    std::fprintf(stderr, "%s differs from libsidr (%zu and %zu beams)\n", name, a.size(), b.size());
    std::exit(1);
}

// 50 beams at depth 1 of 1M random SIDs, 256 children each: the step of issue and README.
double Rivals(const std::vector<std::uint32_t>& sids, const sidr_trie* trie) {
    std::vector<Logits> sets;
    for (int s = 0; s < kSets; s++) sets.emplace_back(kWidth, 100 + static_cast<std::uint64_t>(s));
    Step step(trie, kWidth);
    step.Run(Root(kWidth), sets[0].sid.data(), kSid, sets[0].lse.data());
    Beams beams = step.Next(Root(kWidth));
    PrefixDictionary dictionary(sids, kLevels, 2);
    Rows rows(trie, beams);
    DenseStep dense(kWidth, kVocabulary, 0), dense_sid(kWidth, kSid, kFirstToken);
    HeapStep heap(kWidth);
    auto own = [&](std::uint32_t b, auto allow) {
        for (std::uint32_t i = rows.first[b]; i < rows.first[b + 1]; i++) allow(rows.tokens[i]);
    };
    auto looked_up = [&](std::uint32_t b, auto allow) {
        for (std::uint32_t token : dictionary.Find(beams.paths[b])) allow(token);
    };
    std::vector<Logits> over_sid = sets;  // for those that see the SID columns alone, log-softmax is over them
    for (auto& set : over_sid)
        for (std::uint32_t r = 0; r < kWidth; r++) set.lse[r] = LogSumExp(set.sid.data() + std::size_t{r} * kSid, kSid);
    for (int s = 0; s < kSets; s++) {
        step.Run(beams, sets[s].sid.data(), kSid, sets[s].lse.data());
        std::vector<Candidate> ours = step.Result();
        Agree("dense", ours, dense.Run(beams, sets[s].all.data(), own));
        Agree("dictionary", ours, dense.Run(beams, sets[s].all.data(), looked_up));
        Agree("heap", ours, heap.Run(beams, rows, sets[s].sid.data(), kSid, kFirstToken, sets[s].lse.data()));
        step.Run(beams, over_sid[s].sid.data(), kSid, over_sid[s].lse.data());
        Agree("dense on SID columns", step.Result(), dense_sid.Run(beams, sets[s].sid.data(), own));
        Agree("dictionary on SID columns", step.Result(), dense_sid.Run(beams, sets[s].sid.data(), looked_up));
    }

    struct Row {
        const char* name;
        double us, goal;
    };
    auto in = [&](int i) -> const Logits& { return sets[static_cast<std::size_t>(i) % kSets]; };
    double ours = Microseconds([&](int i) { step.Run(beams, in(i).sid.data(), kSid, in(i).lse.data()); }, rounds);
    double children = Microseconds([&](int i) { step.Run(beams, in(i).sid.data(), kSid, nullptr, SIDR_SCORE_CHILDREN); }, rounds);
    double row_lse = Microseconds([&](int i) { step.Run(beams, in(i).sid.data(), kSid, nullptr, SIDR_SCORE_ROW); }, rounds);
    Row table[] = {
        {"dense mask, log-softmax, top-k over the vocabulary", Microseconds([&](int i) { dense.Run(beams, in(i).all.data(), own); }, 3), 300},
        {"string dictionary, mask, log-softmax, top-k over the vocabulary", Microseconds([&](int i) { dense.Run(beams, in(i).all.data(), looked_up); }, 3), 300},
        {"heap loop in C, given log-sum-exp", Microseconds([&](int i) { heap.Run(beams, rows, in(i).sid.data(), kSid, kFirstToken, in(i).lse.data()); }, rounds), 1.5},
        {"dense mask, log-softmax, top-k over the SID columns", Microseconds([&](int i) { dense_sid.Run(beams, in(i).sid.data(), own); }, rounds), 0},
        {"string dictionary, mask, log-softmax, top-k over the SID columns", Microseconds([&](int i) { dense_sid.Run(beams, in(i).sid.data(), looked_up); }, rounds), 0},
        {"heap loop in C, its log-sum-exp over the SID columns", Microseconds([&](int i) {
             static std::vector<float> lse(kWidth);
             for (std::uint32_t r = 0; r < kWidth; r++) lse[r] = LogSumExp(in(i).sid.data() + std::size_t{r} * kSid, kSid);
             heap.Run(beams, rows, in(i).sid.data(), kSid, kFirstToken, lse.data());
         }, rounds), 0},
    };
    Line("step", "libsidr, given log-sum-exp", ours, "us");
    Line("step", "libsidr, over the children", children, "us");
    Line("step", "libsidr, own log-sum-exp over the SID columns", row_lse, "us");
    std::fprintf(stderr, "50 beams x %u children of 1M SIDs: %.2f us given log-sum-exp (goal 8), %.2f us over the children, %.2f us with its own over the SID columns\n",
                 rows.first[1], ours, children, row_lse);
    for (const Row& row : table) {
        bool has_sid_lse = std::string(row.name).find("SID columns") != std::string::npos;
        double mine = has_sid_lse ? row_lse : ours;
        Line("step", row.name, row.us, "us");
        std::fprintf(stderr, "  %-70s %10.1f us, %7.1fx of ours (%.2f us)%s\n", row.name, row.us, row.us / mine, mine,
                     row.goal > 0 ? (", goal " + std::to_string(row.goal).substr(0, 3)).c_str() : "");
    }
    return ours;
}

// A whole search, all levels, on SID columns: how it grows with the catalogue.
double WholeSearch(const sidr_trie* trie, const char* name) {
    std::vector<Logits> sets;
    for (int s = 0; s < 2; s++) sets.emplace_back(kWidth, 200 + static_cast<std::uint64_t>(s));
    Step step(trie, kWidth);
    std::vector<Beams> levels{Root(kWidth)};
    for (std::uint32_t d = 0; d + 1 < kLevels; d++) {
        step.Run(levels.back(), sets[0].sid.data(), kSid, sets[0].lse.data());
        levels.push_back(step.Next(levels.back()));
    }
    double sum = 0;
    for (const Beams& beams : levels)
        sum += Microseconds([&](int i) { step.Run(beams, sets[static_cast<std::size_t>(i) % 2].sid.data(), kSid, sets[static_cast<std::size_t>(i) % 2].lse.data()); }, rounds);
    Line("search of 3 levels", name, sum, "us");
    return sum;
}

// Wall time: the check at the end of a build, and of opening, runs on several threads.
double BuildMilliseconds(const std::vector<std::uint32_t>& sids, std::uint32_t codes, int times, sidr_trie** trie) {
    double best = 1e9;
    for (int i = 0; i < times; i++) {
        if (*trie) sidr_trie_close(*trie);
        double began = Seconds(CLOCK_MONOTONIC);
        *trie = Build(sids, kLevels, codes);
        best = std::min(best, (Seconds(CLOCK_MONOTONIC) - began) * 1e3);
    }
    return best;
}

double OpenMilliseconds(const sidr_trie* trie) {
    std::string path = "cpu_bench_" + std::to_string(getpid()) + ".sidtrie";
    Check(sidr_trie_save(trie, path.c_str(), nullptr), "save");
    double best = 1e9;
    for (int i = 0; i < 5; i++) {
        sidr_trie* opened = nullptr;
        double began = Seconds(CLOCK_MONOTONIC);
        Check(sidr_trie_open(path.c_str(), &opened), "open");
        best = std::min(best, (Seconds(CLOCK_MONOTONIC) - began) * 1e3);
        sidr_trie_close(opened);
    }
    std::remove(path.c_str());
    return best;
}

double MegabytesPerMillion(const sidr_trie* trie) {
    sidr_trie_info info = {};
    info.size = sizeof info;
    Check(sidr_trie_get_info(trie, &info), "info");
    return static_cast<double>(info.bytes) / static_cast<double>(info.items);
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t large = static_cast<std::uint64_t>(argc > 1 ? std::atof(argv[1]) * 1e6 : 20e6);
    rounds = argc > 2 ? std::atoi(argv[2]) : 15;
    std::string large_name = std::to_string(large / 1000000) + "M items";
    std::fprintf(stderr, "instruction set %u; {%s}\n", sidr_cpu_get(), Machine().c_str());

    std::vector<std::uint32_t> million = RandomSids(1000000, kLevels, kCodes, 1);
    sidr_trie *trie = nullptr, *wide = nullptr, *small = nullptr, *big = nullptr;
    double build_million = BuildMilliseconds(million, kCodes, 5, &trie);
    Line("build", "1M items, 3 x 256", build_million, "ms");
    Rivals(million, trie);

    for (std::uint32_t codes : {2048u, 8192u}) {
        double ms = BuildMilliseconds(RandomSids(1000000, kLevels, codes, 2), codes, 3, &wide);
        Line("build", "1M items, 3 x " + std::to_string(codes), ms, "ms");
        Line("memory", "1M items, 3 x " + std::to_string(codes), MegabytesPerMillion(wide), "MB per 1M items");
        std::fprintf(stderr, "1M items, 3 x %u codes: %.2f MB (goal 10), built in %.0f ms (goal 150)\n", codes, MegabytesPerMillion(wide), ms);
    }
    Line("memory", "1M items, 3 x 256", MegabytesPerMillion(trie), "MB per 1M items");
    std::fprintf(stderr, "1M items, 3 x 256 codes: %.2f MB (goal 10), built in %.0f ms (goal 150)\n", MegabytesPerMillion(trie), build_million);

    BuildMilliseconds(RandomSids(4000, kLevels, kCodes, 3), kCodes, 1, &small);
    double build_large = BuildMilliseconds(RandomSids(large, kLevels, kCodes, 4), kCodes, 2, &big), open_large = OpenMilliseconds(big);
    Line("build", large_name, build_large, "ms");
    Line("map and check", large_name, open_large, "ms");
    Line("memory", large_name, MegabytesPerMillion(big), "MB per 1M items");
    double at_small = WholeSearch(small, "4k items"), at_million = WholeSearch(trie, "1M items"), at_large = WholeSearch(big, large_name.c_str());
    std::fprintf(stderr, "%s: built in %.0f ms (goal 2000), mapped and checked in %.1f ms (goal 50)\n", large_name.c_str(), build_large, open_large);
    std::fprintf(stderr, "search of 3 levels, 50 beams: %.1f us at 4k items, %.1f at 1M, %.1f at %s: %.1fx (goal at most 4)\n", at_small, at_million, at_large, large_name.c_str(),
                 at_large / at_small);
    for (sidr_trie* each : {trie, wide, small, big}) sidr_trie_close(each);
    return 0;
}
