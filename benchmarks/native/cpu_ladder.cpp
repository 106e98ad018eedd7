// How the CPU step became what it is: each rung does the same step (50 beams, 1M random SIDs of 3 x 256 codes, level 2), is checked against the last, then
// timed, with its gain over the rung before. All are given the log-sum-exp, so that the vocabulary's cost is nobody's.
#include "cpu_rivals.h"

using namespace bench;

namespace {

constexpr std::uint32_t kWidth = 50, kLevels = 3, kCodes = 256, kSid = kLevels * kCodes;
constexpr int kSets = 8;

struct Set {
    std::vector<float> sid, lse;
};

using Best = std::vector<Candidate>;

// Every child of every beam as a candidate; `children` gives a beam's tokens.
template <class Children>
void Collect(const Beams& beams, const Set& set, Best& out, Children children) {
    out.clear();
    for (std::uint32_t b = 0; b < kWidth; b++) {
        const float* x = set.sid.data() + std::size_t{b} * kSid;
        children(b, [&](std::uint32_t token) { out.push_back({beams.scores[b] + (x[token - kFirstToken] - set.lse[b]), b, token}); });
    }
}

void Cut(Best& candidates) { candidates.resize(std::min<std::size_t>(kWidth, candidates.size())); }

}  // namespace

int main(int argc, char** argv) {
    int rounds = argc > 1 ? std::atoi(argv[1]) : 15;
    std::vector<std::uint32_t> sids = RandomSids(1000000, kLevels, kCodes, 1);
    sidr_trie* trie = Build(sids, kLevels, kCodes);
    std::vector<Set> sets(kSets);
    Random random{77};
    for (Set& set : sets) {
        set.sid.resize(kWidth * kSid);
        set.lse.resize(kWidth);
        for (auto& x : set.sid) x = random.Logit();
        for (auto& z : set.lse) z = 12.0f + random.Logit() / 16;
    }
    Step step(trie, kWidth);
    step.Run(Root(kWidth), sets[0].sid.data(), kSid, sets[0].lse.data());
    Beams beams = step.Next(Root(kWidth));
    Rows rows(trie, beams);
    PrefixDictionary dictionary(sids, kLevels, 2);
    HeapStep heap(kWidth);
    Best all;
    auto by_name = [&](std::uint32_t b, auto take) {
        for (std::uint32_t token : dictionary.Find(beams.paths[b])) take(token);
    };
    auto by_array = [&](std::uint32_t b, auto take) {
        for (std::uint32_t i = rows.first[b]; i < rows.first[b + 1]; i++) take(rows.tokens[i]);
    };
    auto sidr = [&](std::uint32_t level, const Set& set) {
        if (sidr_cpu_get() != level) Check(sidr_cpu_set(level), "sidr_cpu_set");
        step.Run(beams, set.sid.data(), kSid, set.lse.data());
    };

    double before = 0, first = 0;
    auto rung = [&](const char* name, auto run, auto result) {
        for (const Set& set : sets) {
            Check(sidr_cpu_set(SIDR_CPU_SCALAR), "sidr_cpu_set");
            sidr(SIDR_CPU_SCALAR, set);
            Best expected = step.Result();
            run(set);
            Best got = result();
            bool same = got.size() == expected.size();
            for (std::size_t i = 0; same && i < got.size(); i++)
                same = got[i].parent == expected[i].parent && got[i].token == expected[i].token && got[i].score == expected[i].score;
            if (!same) {
                std::fprintf(stderr, "%s: other beams than libsidr's\n", name);
                std::exit(1);
            }
        }
        double us = Microseconds([&](int i) { run(sets[static_cast<std::size_t>(i) % kSets]); }, rounds);
        if (before == 0) before = first = us;
        std::printf("{\"rung\": \"%s\", \"us\": %.3f, \"gain\": %.2f, \"gain_in_all\": %.1f}\n", name, us, before / us, first / us);
        std::fflush(stdout);
        before = us;
    };
    auto cut_result = [&] { return all; };
    rung("dictionary of strings, sort everything", [&](const Set& set) { Collect(beams, set, all, by_name); std::sort(all.begin(), all.end()); Cut(all); }, cut_result);
    rung("level arrays instead of strings", [&](const Set& set) { Collect(beams, set, all, by_array); std::sort(all.begin(), all.end()); Cut(all); }, cut_result);
    rung("sort the best 50 alone", [&](const Set& set) {
        Collect(beams, set, all, by_array);
        std::nth_element(all.begin(), all.begin() + kWidth - 1, all.end());
        Cut(all);
        std::sort(all.begin(), all.end());
    }, cut_result);
    Best heaped;
    rung("a heap of the best, nothing stored", [&](const Set& set) { heaped = heap.Run(beams, rows, set.sid.data(), kSid, kFirstToken, set.lse.data()); }, [&] { return heaped; });
    rung("libsidr, plain C++: scores in blocks, a bound from group maxima, keys of 64 bits", [&](const Set& set) { sidr(SIDR_CPU_SCALAR, set); }, [&] { return step.Result(); });
    if (sidr_cpu_set(SIDR_CPU_AVX2) == SIDR_OK) rung("libsidr, AVX2", [&](const Set& set) { sidr(SIDR_CPU_AVX2, set); }, [&] { return step.Result(); });
    if (sidr_cpu_set(SIDR_CPU_AVX512) == SIDR_OK) rung("libsidr, AVX-512", [&](const Set& set) { sidr(SIDR_CPU_AVX512, set); }, [&] { return step.Result(); });
    sidr_trie_close(trie);
    return 0;
}
