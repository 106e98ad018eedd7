// The one exporting file: checks arguments, catches everything, returns a status.
#include <cstring>
#include <memory>
#include <new>
#include <string>

#include "beam_cpu.h"
#include "device.h"
#include "filter.h"
#include "sidr/sidr.h"
#include "status.h"
#include "trie.h"

// The handle is the trie itself.
struct sidr_trie {
    std::unique_ptr<sidr::Trie> trie;
};

namespace {

using namespace sidr;

// This thread's last sentence; fixed memory, so that running out of memory can be reported.
thread_local char last_error[2048];

sidr_status Report(sidr_status status, const char* sentence) noexcept {
    std::strncpy(last_error, sentence, sizeof last_error - 1);
    last_error[sizeof last_error - 1] = 0;
    return status;
}

// Runs the body; nothing that it throws leaves the library.
template <class Body>
sidr_status Guard(Body body) noexcept {
    last_error[0] = 0;
    try {
        body();
        return SIDR_OK;
    } catch (const Failure& failure) {
        return Report(failure.status(), failure.what());
    } catch (const std::bad_alloc&) {
        return Report(SIDR_OUT_OF_MEMORY, "Out of memory. Free some, or use fewer items, beams or requests at once.");
    } catch (const std::exception& error) {
        return Report(SIDR_INTERNAL_ERROR, error.what());
    } catch (...) {
        return Report(SIDR_INTERNAL_ERROR, "An unknown failure inside libsidr.");
    }
}

template <class Args>
void CheckSize(const Args* args, const char* name) {
    SIDR_REQUIRE(args != nullptr, std::string(name) + " is NULL.");
    SIDR_REQUIRE(args->size == sizeof(Args), std::string(name) + ".size is " + Str(args->size) + "; this library expects " + Str(sizeof(Args)) +
                                            ". Use the sidr.h of the same version.");
}

void NotNull(const void* pointer, const char* name) { SIDR_REQUIRE(pointer != nullptr, std::string(name) + " is NULL."); }

const Trie& HostTrie(const sidr_trie* trie) {
    NotNull(trie, "trie");
    SIDR_REQUIRE(trie->trie->device == nullptr, "The trie lies on a device; this call needs the one in host memory.");
    return *trie->trie;
}

const Trie& AnyTrie(const sidr_trie* trie) {
    NotNull(trie, "trie");
    return *trie->trie;
}

void CheckShape(const Trie& trie, const sidr_beam_advance_args& a) {
    const TrieShape& shape = trie.shape;
    SIDR_REQUIRE(a.depth < shape.levels, "depth is " + Str(a.depth) + "; expected 0 to " + Str(shape.levels - 1) + ", the trie's levels less one.");
    SIDR_REQUIRE(a.max_width >= 1 && a.max_width <= SIDR_MAX_BEAMS, "max_width is " + Str(a.max_width) + "; expected 1 to 1024 beams a request.");
    SIDR_REQUIRE(a.requests >= 1 && a.requests <= 1u << 20, "requests is " + Str(a.requests) + "; expected 1 to 1048576.");
    SIDR_REQUIRE(a.beams <= std::uint64_t{a.requests} * a.max_width,
            "beams is " + Str(a.beams) + "; expected at most " + Str(std::uint64_t{a.requests} * a.max_width) + " = requests " + Str(a.requests) + " * max_width " + Str(a.max_width) + ".");
    SIDR_REQUIRE(a.logits_type <= SIDR_BF16, "logits_type is " + Str(a.logits_type) + "; expected SIDR_F32, SIDR_F16 or SIDR_BF16.");
    SIDR_REQUIRE(a.score_mode <= SIDR_SCORE_ROW, "score_mode is " + Str(a.score_mode) + "; expected SIDR_SCORE_CHILDREN, _GIVEN or _ROW.");
    SIDR_REQUIRE(a.column_kind <= SIDR_COLUMNS_TOKEN, "column_kind is " + Str(a.column_kind) + "; expected SIDR_COLUMNS_SID or _TOKEN.");
    SIDR_REQUIRE(a.rows <= 1u << 30, "rows is " + Str(a.rows) + "; expected at most 1073741824.");
    SIDR_REQUIRE(a.row_width >= 1 && a.row_stride >= a.row_width && a.row_stride < (std::uint64_t{1} << 32),
            "row_stride is " + Str(a.row_stride) + "; expected at least row_width " + Str(a.row_width) + ", which is at least 1.");
}

// First and last column that the children of this depth can have; from the host's arrays, kept in the shape for devices.
void CheckColumns(const Trie& trie, const sidr_beam_advance_args& a) {
    std::uint32_t d = a.depth + 1, n = trie.shape.tokens[d];
    std::uint32_t low = trie.shape.low_column[a.column_kind][d], high = trie.shape.high_column[a.column_kind][d];
    SIDR_REQUIRE(a.first_column <= low && high - a.first_column < a.row_width,
            "Level " + Str(a.depth) + "'s " + Str(n) + " tokens have columns " + Str(low) + " to " + Str(high) + "; a row holds columns " + Str(a.first_column) +
                " to " + Str(std::uint64_t{a.first_column} + a.row_width - 1) + " (first_column, row_width).");
}

void CheckAdvance(const Trie& trie, const sidr_beam_advance_args& a) {
    CheckShape(trie, a);
    CheckColumns(trie, a);
    NotNull(a.sid_logits, "sid_logits");
    NotNull(a.nodes, "nodes");
    NotNull(a.scores, "scores");
    NotNull(a.parents, "parents");
    NotNull(a.tokens, "tokens");
    NotNull(a.workspace, "workspace");
    if (a.score_mode == SIDR_SCORE_GIVEN) NotNull(a.log_sum_exp, "log_sum_exp (score_mode is SIDR_SCORE_GIVEN)");
    if (a.positions) NotNull(a.base_position, "base_position (positions are wanted)");
    SIDR_REQUIRE(!a.next_row || a.next_row != a.row, "next_row is the same array as row; give it its own.");
    if (!a.request_start)
        SIDR_REQUIRE(a.beams == a.requests * a.max_width, "beams is " + Str(a.beams) + "; expected " + Str(a.requests * a.max_width) + " = requests " + Str(a.requests) +
                                                         " * max_width " + Str(a.max_width) + ", or request_start.");
    if (a.next_ancestors) {
        NotNull(a.ancestors, "ancestors (next_ancestors are wanted)");
        SIDR_REQUIRE(a.ancestors != a.next_ancestors, "next_ancestors is the same array as ancestors; give it its own.");
        SIDR_REQUIRE(a.ancestor_stride > a.depth, "ancestor_stride is " + Str(a.ancestor_stride) + "; expected more than depth " + Str(a.depth) + ".");
    }
    if (a.filter_bits) {
        NotNull(a.filter_of, "filter_of (filter_bits are given)");
        std::uint64_t words = trie.shape.filter_offset[trie.shape.levels + 1];
        SIDR_REQUIRE(a.filter_stride >= words, "filter_stride is " + Str(a.filter_stride) + " words; expected at least " + Str(words) + ".");
    }
    SIDR_REQUIRE(reinterpret_cast<std::uintptr_t>(a.workspace) % 256 == 0, "workspace is not 256-aligned.");
    if (trie.device || !a.request_start) return;
    for (std::uint32_t r = 0; r < a.requests; r++) {
        std::uint32_t begin = a.request_start[r], end = a.request_start[r + 1];
        SIDR_REQUIRE(begin <= end && end <= a.beams && end - begin <= a.max_width && (r > 0 || begin == 0),
                "request_start[" + Str(r) + "] to [" + Str(r + 1) + "] is " + Str(begin) + " to " + Str(end) + "; expected to ascend from 0 by at most max_width " +
                    Str(a.max_width) + " to beams " + Str(a.beams) + ".");
    }
}

void CheckNode(const Trie& trie, std::uint32_t depth, std::uint32_t node) {
    SIDR_REQUIRE(depth <= trie.shape.levels, "depth is " + Str(depth) + "; expected 0 to " + Str(trie.shape.levels) + ".");
    SIDR_REQUIRE(node < trie.shape.nodes[depth], "node is " + Str(node) + "; depth " + Str(depth) + " has " + Str(trie.shape.nodes[depth]) + " nodes.");
}

}  // namespace

extern "C" {

uint32_t sidr_abi_version(void) { return SIDR_ABI_VERSION; }

uint64_t sidr_last_error(char* buffer, uint64_t bytes) {
    std::size_t length = std::strlen(last_error);
    if (buffer && bytes > 0) {
        std::size_t n = length < bytes - 1 ? length : static_cast<std::size_t>(bytes - 1);
        std::memcpy(buffer, last_error, n);
        buffer[n] = 0;
    }
    return length;
}

sidr_status sidr_cpu_set(uint32_t level) {
    return Guard([&] {
        SIDR_REQUIRE(level <= SIDR_CPU_AVX512, "level is " + Str(level) + "; expected SIDR_CPU_BEST, _SCALAR, _AVX2 or _AVX512.");
        SIDR_REQUIRE(CpuSelect(level), "This processor or build lacks instruction set " + Str(level) + ".");
    });
}

uint32_t sidr_cpu_get(void) { return CpuSelected(); }

sidr_status sidr_trie_build(const sidr_trie_build_args* args, sidr_trie** trie) {
    return Guard([&] {
        CheckSize(args, "sidr_trie_build_args");
        NotNull(trie, "trie");
        NotNull(args->tokens, "tokens");
        SIDR_REQUIRE(args->sid_columns != nullptr || args->column_count == 0, "sid_columns is NULL, but column_count is " + Str(args->column_count) + ".");
        *trie = new sidr_trie{Trie::Build(args->tokens, args->items, args->levels, args->sid_columns, args->column_count)};
    });
}

sidr_status sidr_trie_open(const char* path, sidr_trie** trie) {
    return Guard([&] {
        NotNull(path, "path");
        NotNull(trie, "trie");
        *trie = new sidr_trie{Trie::Open(path)};
    });
}

sidr_status sidr_trie_map(const void* image, uint64_t bytes, sidr_trie** trie) {
    return Guard([&] {
        NotNull(image, "image");
        NotNull(trie, "trie");
        SIDR_REQUIRE(reinterpret_cast<std::uintptr_t>(image) % 64 == 0, "image is not 64-aligned.");
        *trie = new sidr_trie{Trie::FromImage(static_cast<const unsigned char*>(image), bytes, "in memory", nullptr)};
    });
}

sidr_status sidr_trie_save(const sidr_trie* trie, const char* path, const uint8_t* source_hash) {
    return Guard([&] {
        NotNull(path, "path");
        HostTrie(trie).Save(path, source_hash);
    });
}

sidr_status sidr_trie_upload(const sidr_trie* trie, sidr_device* device, sidr_trie** copy) {
    return Guard([&] {
        NotNull(device, "device");
        NotNull(copy, "copy");
        *copy = new sidr_trie{UploadTrie(HostTrie(trie), device)};
    });
}

sidr_status sidr_trie_close(sidr_trie* trie) {
    return Guard([&] { delete trie; });
}

sidr_status sidr_trie_get_info(const sidr_trie* trie, sidr_trie_info* info) {
    return Guard([&] {
        const TrieShape& shape = AnyTrie(trie).shape;
        CheckSize(info, "sidr_trie_info");
        *info = {};
        info->size = sizeof *info;
        info->levels = shape.levels;
        info->items = shape.items;
        info->sids = shape.sids;
        info->bytes = shape.bytes;
        for (std::uint32_t d = 0; d <= shape.levels; d++) info->nodes[d] = shape.nodes[d];
        for (std::uint32_t d = 0; d < shape.levels; d++) {
            info->tokens[d] = shape.tokens[d + 1];
            info->max_fan_out[d] = shape.max_fan_out[d];
        }
        info->column_count = shape.column_count;
        info->is_ragged = shape.is_ragged();
        info->is_on_device = trie->trie->device != nullptr;
    });
}

sidr_status sidr_trie_find(const sidr_trie* trie, const uint32_t* tokens, uint32_t count, uint32_t* node) {
    return Guard([&] {
        const Trie& t = HostTrie(trie);
        NotNull(node, "node");
        SIDR_REQUIRE(tokens != nullptr || count == 0, "tokens is NULL.");
        SIDR_REQUIRE(count <= t.shape.levels, "count is " + Str(count) + "; expected at most " + Str(t.shape.levels) + " levels.");
        std::uint32_t at = 0;
        for (std::uint32_t d = 0; d < count; d++) {
            std::uint32_t low = t.arrays.first_child[d][at], high = t.arrays.first_child[d][at + 1], end = high;
            while (low < high) {
                std::uint32_t middle = low + (high - low) / 2;
                if (t.arrays.token_of[d + 1][t.Rank(d + 1, middle)] < tokens[d]) low = middle + 1;
                else high = middle;
            }
            if (low == end || t.arrays.token_of[d + 1][t.Rank(d + 1, low)] != tokens[d]) {
                *node = SIDR_NODE_DEAD;
                return;
            }
            at = low;
        }
        *node = at;
    });
}

sidr_status sidr_trie_children(const sidr_trie* trie, uint32_t depth, uint32_t node, uint32_t* first, uint32_t* count, uint32_t* tokens,
                               uint32_t capacity) {
    return Guard([&] {
        const Trie& t = HostTrie(trie);
        NotNull(first, "first");
        NotNull(count, "count");
        CheckNode(t, depth, node);
        SIDR_REQUIRE(depth < t.shape.levels, "depth is " + Str(depth) + "; nodes of the last depth have no children.");
        *first = t.arrays.first_child[depth][node];
        *count = t.arrays.first_child[depth][node + 1] - *first;
        for (std::uint32_t i = 0; tokens && i < *count && i < capacity; i++) tokens[i] = t.arrays.token_of[depth + 1][t.Rank(depth + 1, *first + i)];
    });
}

sidr_status sidr_trie_items(const sidr_trie* trie, uint32_t depth, uint32_t node, uint32_t* count, uint32_t* items, uint32_t capacity) {
    return Guard([&] {
        const Trie& t = HostTrie(trie);
        NotNull(count, "count");
        CheckNode(t, depth, node);
        SIDR_REQUIRE(depth > 0 && t.IsEnd(depth, node), "Node " + Str(node) + " of depth " + Str(depth) + " ends no SID.");
        std::uint64_t first, end;
        t.ItemRange(t.SidNumber(depth, node), &first, &end);
        *count = static_cast<std::uint32_t>(end - first);
        for (std::uint32_t i = 0; items && i < *count && i < capacity; i++) items[i] = t.ItemAt(first + i);
    });
}

sidr_status sidr_filter_words(const sidr_trie* trie, uint64_t* words) {
    return Guard([&] {
        NotNull(words, "words");
        const TrieShape& shape = AnyTrie(trie).shape;
        *words = shape.filter_offset[shape.levels + 1];
    });
}

sidr_status sidr_filter_evaluate(const sidr_trie* trie, const sidr_filter_evaluate_args* args) {
    return Guard([&] {
        const Trie& t = AnyTrie(trie);
        CheckSize(args, "sidr_filter_evaluate_args");
        NotNull(args->program, "program");
        NotNull(args->item_bits, "item_bits");
        SIDR_REQUIRE(args->bitmaps != nullptr || args->bitmap_count == 0, "bitmaps is NULL, but bitmap_count is " + Str(args->bitmap_count) + ".");
        CheckFilterProgram(args->program, args->length, args->bitmap_count);
        if (t.device) CudaEvaluateFilter(t, *args);
        else EvaluateFilter(*args, (t.shape.items + 63) / 64);
    });
}

sidr_status sidr_filter_lift(const sidr_trie* trie, const uint64_t* item_bits, uint64_t* node_bits, void* stream) {
    return Guard([&] {
        const Trie& t = AnyTrie(trie);
        NotNull(item_bits, "item_bits");
        NotNull(node_bits, "node_bits");
        if (t.device) CudaLiftFilter(t, item_bits, node_bits, stream);
        else LiftFilter(t, item_bits, node_bits);
    });
}

sidr_status sidr_beam_advance_workspace_size(const sidr_trie* trie, const sidr_beam_advance_args* args, uint64_t* bytes) {
    return Guard([&] {
        const Trie& t = AnyTrie(trie);
        CheckSize(args, "sidr_beam_advance_args");
        NotNull(bytes, "bytes");
        CheckShape(t, *args);
        *bytes = t.device ? CudaWorkspaceBytes(t, *args) : CpuWorkspaceBytes(t, *args);
    });
}

sidr_status sidr_beam_advance(const sidr_trie* trie, const sidr_beam_advance_args* args) {
    return Guard([&] {
        const Trie& t = AnyTrie(trie);
        CheckSize(args, "sidr_beam_advance_args");
        CheckAdvance(t, *args);
        std::uint64_t needed = t.device ? CudaWorkspaceBytes(t, *args) : CpuWorkspaceBytes(t, *args);
        if (args->workspace_bytes < needed)
            Fail(SIDR_WORKSPACE_TOO_SMALL, "workspace_bytes is " + Str(args->workspace_bytes) + "; expected " + Str(needed) + ", see sidr_beam_advance_workspace_size().");
        if (t.device) CudaAdvance(t, *args);
        else CpuAdvanceAll(t, *args);
    });
}

sidr_status sidr_device_open(int32_t ordinal, const char* image_path, sidr_device** device) {
    return Guard([&] {
        NotNull(device, "device");
        SIDR_REQUIRE(ordinal >= 0, "ordinal is " + Str(ordinal) + "; expected 0 or more.");
        *device = OpenDevice(ordinal, image_path);
    });
}

sidr_status sidr_device_close(sidr_device* device) {
    return Guard([&] { CloseDevice(device); });
}

sidr_status sidr_device_get_info(sidr_device* device, sidr_device_info* info) {
    return Guard([&] {
        NotNull(device, "device");
        CheckSize(info, "sidr_device_info");
        DeviceInfo(device, info);
    });
}

sidr_status sidr_memory_allocate(sidr_device* device, uint64_t bytes, uint32_t is_host, void** pointer) {
    return Guard([&] {
        NotNull(device, "device");
        NotNull(pointer, "pointer");
        SIDR_REQUIRE(bytes > 0, "bytes is 0.");
        *pointer = DeviceAllocate(device, bytes, is_host != 0);
    });
}

sidr_status sidr_memory_free(sidr_device* device, void* pointer, uint32_t is_host) {
    return Guard([&] {
        NotNull(device, "device");
        if (pointer) DeviceFree(device, pointer, is_host != 0);
    });
}

sidr_status sidr_memory_copy(sidr_device* device, void* to, const void* from, uint64_t bytes, void* stream) {
    return Guard([&] {
        NotNull(device, "device");
        NotNull(to, "to");
        NotNull(from, "from");
        if (bytes > 0) DeviceCopy(device, to, from, bytes, stream);
    });
}

sidr_status sidr_stream_create(sidr_device* device, void** stream) {
    return Guard([&] {
        NotNull(device, "device");
        NotNull(stream, "stream");
        *stream = StreamCreate(device);
    });
}

sidr_status sidr_stream_synchronize(sidr_device* device, void* stream) {
    return Guard([&] {
        NotNull(device, "device");
        StreamSynchronize(device, stream);
    });
}

sidr_status sidr_stream_destroy(sidr_device* device, void* stream) {
    return Guard([&] {
        NotNull(device, "device");
        StreamDestroy(device, stream);
    });
}

}  // extern "C"
