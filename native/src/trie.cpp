// Saving a trie, and what is computed from its arrays. Building: trie_build.cpp; opening: trie_open.cpp.
#include "trie.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "crc32c.h"
#include "status.h"
#include "trie_loops.h"

namespace sidr {

void Trie::Complete() {
    std::uint64_t tokens = 0;
    for (std::uint32_t d = 1; d <= shape.levels; d++) tokens += shape.tokens[d];
    columns.resize(tokens);
    std::uint32_t* column = columns.data();
    for (std::uint32_t d = 1; d <= shape.levels; d++) {
        arrays.column_of[d] = column;
        std::uint32_t c = 0, n = shape.tokens[d];
        for (std::uint32_t i = 0; i < n; i++) {
            while (arrays.sid_columns[c] != arrays.token_of[d][i]) c++;
            column[i] = c;
        }
        shape.low_column[0][d] = column[0];
        shape.high_column[0][d] = column[n - 1];
        shape.low_column[1][d] = arrays.token_of[d][0];
        shape.high_column[1][d] = arrays.token_of[d][n - 1];
        shape.column_base[d] = column[n - 1] - column[0] == n - 1 ? column[0] : ~0u;
        shape.token_base[d] = arrays.token_of[d][n - 1] - arrays.token_of[d][0] == n - 1 ? arrays.token_of[d][0] : ~0u;
        column += n;
    }
    std::uint64_t words = 0;
    for (std::uint32_t d = 1; d <= shape.levels; d++) {
        shape.filter_offset[d] = words;
        words += (shape.nodes[d] + 63) / 64;
    }
    shape.filter_offset[shape.levels + 1] = (words + 31) / 32 * 32;
    if (arrays.item_start) {
        sid_samples.resize((shape.sids + 63) / 64);
        TrieLoopsNow().sample(arrays.item_start, (shape.items + 63) / 64, sid_samples.data());
    }
}

void Trie::ItemRange(std::uint64_t sid, std::uint64_t* first, std::uint64_t* end) const {
    if (!arrays.item_start) {
        *first = sid;
        *end = sid + 1;
        return;
    }
    std::uint64_t at = sid_samples[sid / 64], word = at / 64;
    std::uint64_t bits = arrays.item_start[word] >> (at % 64) << (at % 64), words = (shape.items + 63) / 64;
    std::uint64_t left = sid % 64;
    auto next = [&]() {
        while (bits == 0) {
            if (++word >= words) return shape.items;
            bits = arrays.item_start[word];
        }
        std::uint64_t bit = static_cast<std::uint64_t>(__builtin_ctzll(bits));
        bits &= bits - 1;
        return word * 64 + bit;
    };
    *first = next();
    for (; left > 0; left--) *first = next();
    *end = next();
}

void Trie::Save(const std::string& path, const std::uint8_t* source_hash) const {
    std::string temporary = path + ".tmp-" + Str(getpid());
    int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) Fail(SIDR_FILE_ERROR, "Cannot write trie file " + Quoted(temporary) + ": " + std::strerror(errno) + ".");
    TrieHeader header;
    std::memcpy(&header, image, sizeof header);
    if (source_hash) std::memcpy(header.source_hash, source_hash, sizeof header.source_hash);
    else std::memset(header.source_hash, 0, sizeof header.source_hash);
    header.crc = 0;
    header.crc = Crc32c(image + 64, header.section_count * sizeof(TrieSection), Crc32c(&header, sizeof header));

    auto write_all = [file](const void* data, std::uint64_t bytes) {
        const char* p = static_cast<const char*>(data);
        while (bytes > 0) {
            ssize_t n = write(file, p, std::min<std::uint64_t>(bytes, std::uint64_t{1} << 30));
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return false;
            p += n;
            bytes -= static_cast<std::uint64_t>(n);
        }
        return true;
    };
    bool ok = write_all(&header, sizeof header) && write_all(image + sizeof header, shape.bytes - sizeof header) && fsync(file) == 0;
    int error = errno;
    if (close(file) != 0 && ok) {
        ok = false;
        error = errno;
    }
    if (ok && rename(temporary.c_str(), path.c_str()) != 0) {
        ok = false;
        error = errno;
    }
    if (!ok) {
        unlink(temporary.c_str());
        Fail(SIDR_FILE_ERROR, "Cannot write trie file " + Quoted(path) + ": " + std::strerror(error) + ".");
    }
}

}  // namespace sidr
