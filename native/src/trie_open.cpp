// Opening a trie: every check of docs/formats/sidtrie.md, before any kernel sees the arrays. What is long is cut into pieces and shared by a few threads;
// a piece's checksum and its other checks follow each other, so that the second reads a cache.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "buffer.h"
#include "crc32c.h"
#include "parallel.h"
#include "status.h"
#include "trie.h"
#include "trie_loops.h"

namespace sidr {
namespace {

class Mapping : public TrieStorage {
public:
    Mapping(void* address, std::size_t bytes) : address_(address), bytes_(bytes) {}
    ~Mapping() override { munmap(address_, bytes_); }

private:
    void* address_;
    std::size_t bytes_;
};

const char* NameOf(std::uint32_t kind) {
    static const char* const names[] = {"?", "first_child", "rank", "token_of", "end_rank", "item_start", "item_ids", "sid_columns", "first_child_base"};
    return kind <= kFirstChildBase ? names[kind] : "?";
}

// Reads one image; each method throws with the file, the section, what was found and what was expected.
class Checker {
public:
    Checker(const unsigned char* image, std::uint64_t bytes, std::string name) : image_(image), bytes_(bytes), name_(std::move(name)) {}

    void Run(TrieShape& shape, TrieArrays& arrays) {
        ReadHeader(shape);
        ReadTable();
        FindItems(shape, arrays);
        Scan(shape, arrays);
        for (std::uint32_t depth = 0; depth < shape.levels; depth++) FirstChild(shape, arrays, depth);
        for (std::uint32_t depth = 1; depth <= shape.levels; depth++) Tokens(shape, arrays, depth);
        for (std::uint32_t depth = 1; depth <= shape.levels; depth++) Ranks(shape, arrays, depth);
        Ends(shape, arrays);
        Items(shape, arrays);
        Columns(shape, arrays);
        if (used_ != known_) Bad("the section table", Str(known_ - used_) + " sections that do not belong to this trie", "none");
    }

private:
    [[noreturn]] void Bad(const std::string& place, const std::string& found, const std::string& expected) const {
        Fail(SIDR_BAD_FILE, "Trie file " + Quoted(name_) + ", " + place + ": found " + found + "; expected " + expected +
                                ". Export the catalogue again.");
    }

    void ReadHeader(TrieShape& shape) {
        if (bytes_ < sizeof(TrieHeader)) Bad("header", Str(bytes_) + " bytes", "at least 64");
        std::memcpy(&header_, image_, sizeof header_);
        if (std::memcmp(header_.magic, kTrieMagic, 8) != 0) Bad("header", "another magic", "'SIDTRIE'");
        if (header_.major != kTrieMajor) Bad("header", "format version " + Str(header_.major) + "." + Str(header_.minor), "version " + Str(kTrieMajor) + ".x");
        if (header_.header_bytes != 64) Bad("header", Str(header_.header_bytes) + " header bytes", "64");
        if (header_.file_bytes != bytes_) Bad("header", Str(bytes_) + " bytes in the file", Str(header_.file_bytes) + " (cut off or grown?)");
        std::uint64_t table = std::uint64_t{header_.section_count} * sizeof(TrieSection);
        if (header_.section_count > 4096 || 64 + table > bytes_) Bad("header", Str(header_.section_count) + " sections", "a table that fits the file");
        TrieHeader blank = header_;
        blank.crc = 0;
        std::uint32_t crc = Crc32c(image_ + 64, table, Crc32c(&blank, sizeof blank));
        if (crc != header_.crc) Bad("header", "checksum " + Str(crc), Str(header_.crc));
        if (header_.levels < 1 || header_.levels > kMaxLevels) Bad("header", Str(header_.levels) + " levels", "1 to 8");
        if (header_.minor == 0 && (header_.flags & ~7u) != 0) Bad("header", "flags " + Str(header_.flags), "at most 7");
        if (header_.items < 1 || header_.items > 0x7FFFFFFFu) Bad("header", Str(header_.items) + " items", "1 to 2147483647");
        shape.levels = header_.levels;
        shape.flags = header_.flags & 7u;
        shape.items = header_.items;
        shape.bytes = bytes_;
    }

    void ReadTable() {
        const TrieSection* table = reinterpret_cast<const TrieSection*>(image_ + 64);
        std::uint64_t end = 64 + std::uint64_t{header_.section_count} * sizeof(TrieSection);
        std::uint64_t order = 0;
        for (std::uint32_t i = 0; i < header_.section_count; i++) {
            const TrieSection& s = table[i];
            std::string place = "section " + Str(i) + " (" + NameOf(s.kind) + ", depth " + Str(s.depth) + ")";
            std::uint64_t key = (std::uint64_t{s.kind} << 32 | s.depth) + 1;
            if (key <= order) Bad(place, "a section out of order", "order by kind, then depth");
            order = key;
            if (s.offset != AlignTo64(end)) Bad(place, "offset " + Str(s.offset), Str(AlignTo64(end)));
            if (s.bytes > bytes_ || s.offset > bytes_ - s.bytes) Bad(place, Str(s.bytes) + " bytes at " + Str(s.offset), "a section inside the file");
            Zeros(end, s.offset, place);
            end = s.offset + s.bytes;
            if (s.kind >= kFirstChild && s.kind <= kFirstChildBase) known_++;
            else if (header_.minor == 0) Bad(place, "section kind " + Str(s.kind), "1 to 8 in version 2.0");
        }
        if (AlignTo64(end) != bytes_) Bad("the section table", "sections that end at " + Str(end), "an end at " + Str(bytes_) + " or less than 64 before");
        Zeros(end, bytes_, "the file's end");
    }

    void Zeros(std::uint64_t from, std::uint64_t to, const std::string& place) const {
        for (; from < to; from++)
            if (image_[from] != 0) Bad(place, "padding that is not zero at byte " + Str(from), "zero");
    }

    const TrieSection* Find(std::uint32_t kind, std::uint32_t depth) {
        const TrieSection* table = reinterpret_cast<const TrieSection*>(image_ + 64);
        for (std::uint32_t i = 0; i < header_.section_count; i++)
            if (table[i].kind == kind && table[i].depth == depth) {
                used_++;
                return &table[i];
            }
        return nullptr;
    }

    const void* Get(std::uint32_t kind, std::uint32_t depth, std::uint32_t element, std::uint64_t count) {
        const TrieSection* s = Find(kind, depth);
        std::string place = std::string("section ") + NameOf(kind) + " of depth " + Str(depth);
        if (!s) Bad(place, "none", "one");
        if (s->element != element) Bad(place, "elements of " + Str(s->element) + " bytes", Str(element));
        if (s->bytes / element != count || s->bytes % element != 0) Bad(place, Str(s->bytes) + " bytes", Str(count) + " elements of " + Str(element));
        return image_ + s->offset;
    }

    // Where the items' arrays lie; what they hold is checked later.
    void FindItems(const TrieShape& shape, TrieArrays& arrays) {
        std::uint64_t n = shape.items;
        if (shape.shares_sids()) arrays.item_start = static_cast<const std::uint64_t*>(Get(kItemStart, 0, 8, (n + 63) / 64));
        if (shape.reorders_items()) arrays.item_ids = {static_cast<const std::uint64_t*>(Get(kItemIds, 0, 8, ItemWords(n))), ItemBits(n)};
    }

    // What one thread learned of item_ids: a bit for each index it saw, and whether items of a SID fall.
    struct Seen {
        Buffer<std::uint64_t> marks;
        std::uint64_t words, falls = 0;
        bool began = false;  // marks are cleared by the thread that sets them, so that the pages' first touch is shared as well
        explicit Seen(std::uint64_t words_) : marks(words_), words(words_) {}
        void Begin() {
            if (!began) std::memset(marks.get(), 0, words * 8);
            began = true;
        }
    };

    // Checksums of all sections, and item_ids a permutation, ascending within a SID.
    void Scan(const TrieShape& shape, const TrieArrays& arrays) {
        struct Piece {
            std::uint32_t section, crc;
            std::uint64_t at, bytes;
        };
        const TrieSection* table = reinterpret_cast<const TrieSection*>(image_ + 64);
        std::vector<Piece> pieces;
        const std::uint64_t blocks = 1024, step = 64;  // of 64 items: a piece, and what is still in the first cache when its checksum is done
        for (std::uint32_t i = 0; i < header_.section_count; i++) {
            std::uint64_t size = table[i].kind == kItemIds && arrays.item_ids.words ? blocks * 8 * arrays.item_ids.bits : std::uint64_t{1} << 18;
            for (std::uint64_t at = 0; at < table[i].bytes; at += size) pieces.push_back({i, 0, at, std::min(size, table[i].bytes - at)});
        }
        unsigned threads = ThreadsFor(bytes_);
        std::vector<Seen> seen;
        for (unsigned t = 0; arrays.item_ids.words && t < threads; t++) seen.emplace_back(((std::uint64_t{1} << arrays.item_ids.bits) + 63) / 64);
        Parallel(pieces.size(), threads, [&](std::uint64_t p, unsigned worker) {
            Piece& piece = pieces[p];
            const TrieSection& s = table[piece.section];
            const unsigned char* bytes = image_ + s.offset + piece.at;
            if (s.kind != kItemIds || seen.empty()) {
                piece.crc = Crc32c(bytes, piece.bytes);
                return;
            }
            Seen& mine = seen[worker];
            mine.Begin();
            std::uint64_t block_bytes = 8 * arrays.item_ids.bits, block = piece.at / block_bytes, all = (shape.items + 63) / 64, end = std::min(block + blocks, all);
            for (std::uint64_t at = 0; block < end; block += step, at += step * block_bytes) {
                piece.crc = Crc32c(bytes + at, std::min(step * block_bytes, piece.bytes - at), piece.crc);
                mine.falls |= loops_.see_items(arrays.item_ids, arrays.item_start, shape.items, block, std::min(block + step, end), mine.marks.get());
            }
        });

        std::size_t p = 0;
        for (std::uint32_t i = 0; i < header_.section_count; i++) {
            std::uint32_t crc = 0;
            for (; p < pieces.size() && pieces[p].section == i; p++) crc = pieces[p].at == 0 ? pieces[p].crc : Crc32cJoin(crc, pieces[p].crc, pieces[p].bytes);
            if (crc != table[i].crc)
                Bad("section " + Str(i) + " (" + NameOf(table[i].kind) + ", depth " + Str(table[i].depth) + ")", "checksum " + Str(crc), Str(table[i].crc));
        }
        if (seen.empty()) return;
        std::uint64_t n = shape.items, falls = 0;
        std::vector<const std::uint64_t*> marks;
        for (Seen& each : seen) {
            if (each.began) marks.push_back(each.marks.get());
            falls |= each.falls;
        }
        // n marks in n places: each is there once.
        std::uint64_t count = loops_.count(marks.data(), static_cast<unsigned>(marks.size()), n / 64);
        std::uint64_t last = 0;
        for (const std::uint64_t* each : marks) last |= n % 64 == 0 ? 0 : each[n / 64] << (64 - n % 64);
        count += static_cast<std::uint64_t>(__builtin_popcountll(last));
        if (count != n) Bad("section item_ids", "an index twice or too large", "each of 0 to " + Str(n - 1) + " once");
        if (falls != 0) Bad("section item_ids", "items of one SID that do not ascend", "ascending indexes");
        std::uint64_t used = n * arrays.item_ids.bits;
        if (used % 64 != 0 && arrays.item_ids.words[used / 64] >> (used % 64) != 0) Bad("section item_ids", "bits past the last item", "none");
    }

    void FirstChild(TrieShape& shape, TrieArrays& arrays, std::uint32_t depth) {
        std::uint64_t n = depth == 0 ? 1 : shape.nodes[depth];
        shape.nodes[depth] = n;
        const TrieSection* table = reinterpret_cast<const TrieSection*>(image_ + 64);
        bool packed = false;
        for (std::uint32_t i = 0; i < header_.section_count; i++) packed |= table[i].kind == kFirstChild && table[i].depth == depth && table[i].element == 2;
        SidrFirstChild a = {};
        if (packed) {
            a.low = static_cast<const std::uint16_t*>(Get(kFirstChild, depth, 2, n + 1));
            a.base = static_cast<const std::uint32_t*>(Get(kFirstChildBase, depth, 4, n / 64 + 1));
        } else {
            a.base = static_cast<const std::uint32_t*>(Get(kFirstChild, depth, 4, n + 1));
        }
        std::string place = "section first_child of depth " + Str(depth);
        if (a[0] != 0) Bad(place, "a first value of " + Str(a[0]), "0");
        // By blocks of 64 nodes; in the packed form a block begins at its base, and none wraps around.
        std::uint64_t blocks = (n + 63) / 64, each = 1024;
        std::vector<FirstChildFound> found((blocks + each - 1) / each);
        Parallel(found.size(), ThreadsFor(n * 4), [&](std::uint64_t piece, unsigned) {
            found[piece] = loops_.first_child(a, n, piece * each, std::min(blocks, (piece + 1) * each));
        });
        bool falls = false, begins = true;
        for (const FirstChildFound& piece : found) {
            falls |= piece.falls;
            begins &= piece.begins;
            shape.max_fan_out[depth] = std::max(shape.max_fan_out[depth], piece.widest);
            childless_[depth] += piece.childless;
        }
        if (falls) Bad(place, "values that fall", "values that never fall");
        if (!begins) Bad(place, "a block of 64 nodes that does not begin at its base", "0 for its first node");
        if (a[n] == 0 || a[n] == SIDR_NODE_DEAD) Bad(place, Str(a[n]) + " nodes below", "1 to 4294967294");
        arrays.first_child[depth] = a;
        shape.nodes[depth + 1] = a[n];
    }

    void Tokens(TrieShape& shape, TrieArrays& arrays, std::uint32_t depth) {
        const TrieSection* s = nullptr;
        const TrieSection* table = reinterpret_cast<const TrieSection*>(image_ + 64);
        for (std::uint32_t i = 0; i < header_.section_count; i++)
            if (table[i].kind == kTokenOf && table[i].depth == depth) s = &table[i];
        std::uint64_t count = s ? s->bytes / 4 : 0;
        std::string place = "section token_of of depth " + Str(depth);
        if (s && (count < 1 || count > SIDR_MAX_CODES)) Bad(place, Str(count) + " tokens", "1 to 65536");
        arrays.token_of[depth] = static_cast<const std::uint32_t*>(Get(kTokenOf, depth, 4, count));
        shape.tokens[depth] = static_cast<std::uint32_t>(count);
        shape.rank_bytes[depth] = count <= 256 ? 1 : 2;
        Ascending(arrays.token_of[depth], count, place);
    }

    void Ascending(const std::uint32_t* a, std::uint64_t n, const std::string& place) const {
        for (std::uint64_t i = 1; i < n; i++)
            if (a[i] <= a[i - 1]) Bad(place, Str(a[i]) + " after " + Str(a[i - 1]), "ascending ids");
        if (n > 0 && a[n - 1] == SIDR_TOKEN_NONE) Bad(place, "token id 4294967295", "a token id below");
    }

    void Ranks(TrieShape& shape, TrieArrays& arrays, std::uint32_t depth) {
        arrays.rank[depth] = Get(kRank, depth, shape.rank_bytes[depth], shape.nodes[depth]);
        std::string place = "section rank of depth " + Str(depth);
        const void* ranks = arrays.rank[depth];
        SidrFirstChild first = arrays.first_child[depth - 1];
        bool narrow = shape.rank_bytes[depth] == 1;
        std::uint64_t parents = shape.nodes[depth - 1], each = std::max<std::uint64_t>(1, parents * (std::uint64_t{1} << 18) / shape.nodes[depth]);
        std::atomic<bool> wrong{false};
        Parallel((parents + each - 1) / each, ThreadsFor(shape.nodes[depth] * shape.rank_bytes[depth]), [&](std::uint64_t piece, unsigned) {
            std::uint64_t from = piece * each, to = std::min(parents, (piece + 1) * each);
            if (!(narrow ? loops_.ranks8(first, from, to, static_cast<const std::uint8_t*>(ranks), shape.tokens[depth])
                         : loops_.ranks16(first, from, to, static_cast<const std::uint16_t*>(ranks), shape.tokens[depth])))
                wrong = true;
        });
        if (wrong) Bad(place, "ranks of a node's children that do not ascend or reach " + Str(shape.tokens[depth]), "ascending ranks of tokens");
    }

    void Ends(TrieShape& shape, TrieArrays& arrays) {
        std::uint64_t total = 0;
        for (std::uint32_t depth = 1; depth <= shape.levels; depth++) {
            shape.end_base[depth] = total;
            if (depth == shape.levels) {
                total += shape.nodes[depth];
                break;
            }
            SidrFirstChild first = arrays.first_child[depth];
            std::uint64_t n = shape.nodes[depth], ends = childless_[depth];
            if (ends == 0) continue;
            std::string place = "section end_rank of depth " + Str(depth);
            if (!shape.is_ragged()) Bad(place, Str(ends) + " nodes without children", "none where flag 1 is not set");
            const std::uint32_t* rank = static_cast<const std::uint32_t*>(Get(kEndRank, depth, 4, n + 1));
            std::uint64_t running = 0;
            bool wrong = false;
            for (std::uint64_t i = 0; i < n; i++) {
                wrong |= rank[i] != running;
                running += first[i] == first[i + 1];
            }
            if (wrong || rank[n] != running) Bad(place, "values that differ from it", "the running count of nodes without children");
            arrays.end_rank[depth] = rank;
            total += ends;
        }
        if (shape.is_ragged() && shape.end_base[shape.levels] == 0) Bad("header", "flag 1 on a trie of one depth", "flag 1 where depths differ");
        shape.sids = total;
    }

    void Items(TrieShape& shape, TrieArrays& arrays) {
        std::uint64_t n = shape.items, sids = n;
        if (shape.shares_sids()) {
            std::uint64_t words = (n + 63) / 64;
            sids = loops_.count(&arrays.item_start, 1, words);
            if ((arrays.item_start[0] & 1) == 0) Bad("section item_start", "a first item that begins no SID", "one that does");
            if (n % 64 != 0 && (arrays.item_start[words - 1] >> (n % 64)) != 0) Bad("section item_start", "bits past the last item", "none");
        }
        if (sids != shape.sids) Bad("items", Str(sids) + " SIDs", Str(shape.sids) + ", the ends of the tree");
    }

    void Columns(TrieShape& shape, TrieArrays& arrays) {
        const TrieSection* s = nullptr;
        const TrieSection* table = reinterpret_cast<const TrieSection*>(image_ + 64);
        for (std::uint32_t i = 0; i < header_.section_count; i++)
            if (table[i].kind == kSidColumns && table[i].depth == 0) s = &table[i];
        std::uint64_t count = s ? s->bytes / 4 : 0;
        if (s && (count < 1 || count > 0x7FFFFFFFu)) Bad("section sid_columns", Str(count) + " columns", "1 to 2147483647");
        arrays.sid_columns = static_cast<const std::uint32_t*>(Get(kSidColumns, 0, 4, count));
        shape.column_count = static_cast<std::uint32_t>(count);
        Ascending(arrays.sid_columns, count, "section sid_columns");
        for (std::uint32_t depth = 1; depth <= shape.levels; depth++) {
            std::uint64_t column = 0;
            for (std::uint32_t i = 0; i < shape.tokens[depth]; i++) {
                while (column < count && arrays.sid_columns[column] < arrays.token_of[depth][i]) column++;
                if (column == count || arrays.sid_columns[column] != arrays.token_of[depth][i])
                    Bad("section token_of of depth " + Str(depth), "token id " + Str(arrays.token_of[depth][i]), "ids among sid_columns");
            }
        }
    }

    const unsigned char* image_;
    std::uint64_t bytes_;
    std::string name_;
    const TrieLoops& loops_ = TrieLoopsNow();
    TrieHeader header_ = {};
    std::uint32_t known_ = 0, used_ = 0;
    std::uint64_t childless_[kMaxLevels] = {};  // by depth
};

}  // namespace

std::unique_ptr<Trie> Trie::FromImage(const unsigned char* image, std::uint64_t bytes, const std::string& name,
                                      std::unique_ptr<TrieStorage> storage) {
    auto trie = std::make_unique<Trie>();
    trie->storage = std::move(storage);
    Checker(image, bytes, name).Run(trie->shape, trie->arrays);
    trie->image = image;
    trie->Complete();
    return trie;
}

std::unique_ptr<Trie> Trie::Open(const std::string& path) {
    int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) Fail(SIDR_FILE_ERROR, "Cannot open trie file " + Quoted(path) + ": " + std::strerror(errno) + ".");
    struct stat info;
    if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(file);
        Fail(SIDR_FILE_ERROR, "Cannot read trie file " + Quoted(path) + ": not a regular file.");
    }
    std::uint64_t bytes = static_cast<std::uint64_t>(info.st_size);
    if (bytes < sizeof(TrieHeader)) {
        close(file);
        Fail(SIDR_BAD_FILE, "Trie file " + Quoted(path) + ", header: found " + Str(bytes) + " bytes; expected at least 64. Export the catalogue again.");
    }
    void* address = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file, 0);
    int error = errno;
    close(file);
    if (address == MAP_FAILED) Fail(SIDR_FILE_ERROR, "Cannot map trie file " + Quoted(path) + ": " + std::strerror(error) + ".");
    auto storage = std::make_unique<Mapping>(address, bytes);
    return FromImage(static_cast<const unsigned char*>(address), bytes, path, std::move(storage));
}

}  // namespace sidr
