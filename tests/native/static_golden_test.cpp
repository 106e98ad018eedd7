// What STATIC's own code chose on its catalogues, level by level (SIDR_GOLDEN, family method/static); every CPU kernel must choose the same.
#include <fstream>
#include <sstream>

#include "json.h"
#include "support.h"

using namespace test;

namespace {

std::uint32_t Mix(std::uint32_t x) {
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    return x ^ (x >> 16);
}

float Logit(std::uint32_t seed, std::uint32_t level, std::uint32_t batch, std::uint32_t last, std::uint32_t token) {
    std::uint32_t row = Mix(Mix(Mix(seed) ^ (level << 24 | batch << 16)) ^ last);
    return static_cast<float>(Mix(row ^ token) >> 8) / 16777216.0f * 8.0f;
}

// int32 tensors of a safetensors file.
std::map<std::string, Catalog> ReadCatalogs(const std::string& path, std::map<std::string, std::uint32_t>* codes) {
    std::ifstream file(path, std::ios::binary);
    std::uint64_t header_bytes = 0;
    file.read(reinterpret_cast<char*>(&header_bytes), 8);
    std::string header(header_bytes, ' ');
    file.read(header.data(), static_cast<std::streamsize>(header_bytes));
    Json json = Json::Parse(header);
    std::map<std::string, Catalog> catalogs;
    for (auto& [name, entry] : json.object) {
        if (name == "__metadata__") continue;
        std::size_t items = static_cast<std::size_t>(entry["shape"].array[0].number), levels = static_cast<std::size_t>(entry["shape"].array[1].number);
        std::vector<std::int32_t> values(items * levels);
        file.seekg(static_cast<std::streamoff>(8 + header_bytes + static_cast<std::uint64_t>(entry["data_offsets"].array[0].number)));
        file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * 4));
        Catalog c;
        c.levels = static_cast<std::uint32_t>(levels);
        for (std::size_t i = 0; i < items; i++) c.sids.emplace_back(values.begin() + static_cast<std::ptrdiff_t>(i * levels), values.begin() + static_cast<std::ptrdiff_t>((i + 1) * levels));
        for (std::uint32_t t = 0; t < (*codes)[name]; t++) c.columns.push_back(t);
        catalogs[name] = std::move(c);
    }
    return catalogs;
}

void Search(const sidr_trie* trie, const Catalog& catalog, std::uint32_t codes, const Json& search, std::uint32_t cpu, const std::string& name) {
    std::uint32_t width = static_cast<std::uint32_t>(search["width"].number), batch = static_cast<std::uint32_t>(search["batch"].number);
    std::uint32_t seed = static_cast<std::uint32_t>(search["seed"].number);
    StepCase c;
    c.trie = trie;
    c.max_width = width;
    c.uniform = true;
    for (std::uint32_t q = 0; q <= batch; q++) c.start.push_back(q * width);
    c.mode = SIDR_SCORE_ROW;
    c.row_width = codes;
    c.row_stride = codes;
    c.rows = batch * width;
    c.base.assign(batch, 0);
    c.ancestors.assign(std::size_t{c.beams()} * SIDR_MAX_LEVELS, -1);
    c.nodes.assign(c.beams(), SIDR_NODE_DEAD);
    c.scores.assign(c.beams(), -std::numeric_limits<float>::infinity());
    c.has_row = false;
    std::vector<std::uint32_t> last(c.beams(), codes);
    for (std::uint32_t q = 0; q < batch; q++) {
        c.nodes[q * width] = 0;
        c.scores[q * width] = 0;
    }
    for (c.depth = 0; c.depth < catalog.levels; c.depth++) {
        std::vector<float> logits(static_cast<std::size_t>(c.rows) * codes);
        for (std::uint32_t b = 0; b < c.beams(); b++)
            for (std::uint32_t t = 0; t < codes; t++) logits[static_cast<std::size_t>(b) * codes + t] = Logit(seed, c.depth, b / width, last[b], t);
        c.SetLogits(std::move(logits));
        StepResult r = RunCpu(c, cpu);
        if (r.status == SIDR_NO_DEVICE) return;
        CHECK(r.status == SIDR_OK, "%s: %s", name.c_str(), LastError().c_str());
        for (std::uint32_t q = 0; q < batch && search.Has("levels"); q++) {  // wide searches list their end only
            const Json& expected = search["levels"].array[c.depth].array[q];
            std::size_t n = expected["tokens"].array.size();
            for (std::uint32_t i = 0; i < width; i++) {
                std::uint32_t b = q * width + i;
                if (i >= n) {
                    CHECK(r.nodes[b] == SIDR_NODE_DEAD, "%s depth %u request %u slot %u should be unused", name.c_str(), c.depth, q, i);
                    continue;
                }
                CHECK(r.tokens[b] == static_cast<std::uint32_t>(expected["tokens"].array[i].number) && r.parents[b] == static_cast<std::int32_t>(expected["parents"].array[i].number),
                      "%s depth %u request %u slot %u: token %u parent %d", name.c_str(), c.depth, q, i, r.tokens[b], r.parents[b]);
                if (expected.Has("scores"))
                    CHECK(std::fabs(r.scores[b] - expected["scores"].array[i].number) <= 1e-5, "%s depth %u request %u slot %u: score %.9g", name.c_str(), c.depth, q, i, r.scores[b]);
            }
        }
        c.nodes = r.nodes;
        c.scores = r.scores;
        for (std::uint32_t b = 0; b < c.beams(); b++) last[b] = r.tokens[b];
    }
    for (std::uint32_t q = 0; q < batch; q++) {
        const Json& expected = search["final"].array[q];
        for (std::size_t i = 0; i < expected["sids"].array.size(); i++) {
            std::vector<std::uint32_t> sid;
            for (auto& token : expected["sids"].array[i].array) sid.push_back(static_cast<std::uint32_t>(token.number));
            std::uint32_t node = 0;
            OK(sidr_trie_find(trie, sid.data(), static_cast<std::uint32_t>(sid.size()), &node));
            CHECK(node == c.nodes[q * width + i], "%s: final SID %zu of request %u", name.c_str(), i, q);
            CHECK(std::fabs(c.scores[q * width + i] - expected["scores"].array[i].number) <= 1e-5, "%s: final score %zu of request %u", name.c_str(), i, q);
        }
    }
}

}  // namespace

int main() {
    const char* root = std::getenv("SIDR_GOLDEN");
    std::string folder = std::string(root ? root : SIDR_GOLDEN_DEFAULT) + "/method/static";
    std::ifstream searches(folder + "/searches.jsonl");
    if (!searches) {
        std::printf("SKIPPED: no golden searches at '%s' (set SIDR_GOLDEN)\n", folder.c_str());
        return 77;
    }
    std::vector<Json> lines;
    std::map<std::string, std::uint32_t> codes;
    for (std::string line; std::getline(searches, line);) {
        lines.push_back(Json::Parse(line));
        codes[lines.back()["catalogue"].text] = static_cast<std::uint32_t>(lines.back()["codes"].number);
    }
    auto catalogs = ReadCatalogs(folder + "/catalogues.safetensors", &codes);
    int ran = 0;
    for (auto& line : lines) {
        const std::string& name = line["catalogue"].text;
        const Catalog& catalog = catalogs.at(name);
        TrieHandle trie = Build(catalog);
        sidr_trie_info info = {};
        info.size = sizeof info;
        OK(sidr_trie_get_info(trie.trie, &info));
        CHECK(info.sids == static_cast<std::uint64_t>(line["distinct"].number), "%s: %llu SIDs", name.c_str(), static_cast<unsigned long long>(info.sids));
        for (std::uint32_t d = 1; d <= info.levels; d++)
            CHECK(info.nodes[d] == static_cast<std::uint64_t>(line["nodes_per_level"].array[d - 1].number), "%s: nodes of depth %u", name.c_str(), d);
        for (auto& search : line["searches"].array) {
            if (search.Has("refused")) continue;
            for (std::uint32_t cpu : {SIDR_CPU_SCALAR, SIDR_CPU_AVX2, SIDR_CPU_AVX512}) {
                Search(trie.trie, catalog, codes[name], search, cpu, name + " width " + std::to_string(static_cast<int>(search["width"].number)));
                ran++;
            }
        }
    }
    std::printf("%d searches\n", ran);
    return Finish("static_golden_test");
}
