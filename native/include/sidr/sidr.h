/* SIDReasoner native kernels: the catalogue's prefix trie, per-request filters and the exact beam step, on the CPU and on CUDA.
 *
 * Words: a trie has L levels; depth d counts tokens spelled, depth 0 is the root. Nodes are numbered from 0 at each depth in order of
 * (parent, token id); the format is docs/formats/sidtrie.md. A beam is one live path of a request; W is a request's number of beams.
 *
 * Every call returns a status. sidr_last_error() has the sentence for the calling thread, until its next call into this library.
 * A structure begins with its own size, so that an older caller can be told from a newer one; set unused fields to zero.
 * The library starts no thread and calls nothing back. It touches the CUDA driver only in sidr_device_open() and later calls
 * with that device; it never links a CUDA library. */
#ifndef SIDR_SIDR_H
#define SIDR_SIDR_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define SIDR_API __declspec(dllexport)
#else
#define SIDR_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The interface's version. A caller compares the upper 16 bits with those of sidr_abi_version() and refuses another major. */
#define SIDR_ABI_MAJOR 1u
#define SIDR_ABI_MINOR 1u
#define SIDR_ABI_VERSION ((SIDR_ABI_MAJOR << 16) | SIDR_ABI_MINOR)

typedef int32_t sidr_status;
enum {
    SIDR_OK = 0,
    SIDR_INVALID_ARGUMENT = -1,    /* nothing was written */
    SIDR_WORKSPACE_TOO_SMALL = -2, /* nothing was written */
    SIDR_OUT_OF_MEMORY = -3,       /* nothing was written */
    SIDR_FILE_ERROR = -4,          /* the file cannot be read or written; the sentence has the system's reason */
    SIDR_BAD_FILE = -5,            /* the file is no valid trie; the sentence names the section, what was found and expected */
    SIDR_INVALID_LOGITS = -6,      /* CPU only: a request met NaN or plus infinity and has no result; the others are written */
    SIDR_NO_DEVICE = -7,           /* no CUDA driver, no such GPU, or this build has no GPU code */
    SIDR_DEVICE_ERROR = -8,        /* the driver refused or failed; outputs are undefined */
    SIDR_INTERNAL_ERROR = -9
};

#define SIDR_NODE_DEAD 0xFFFFFFFFu  /* an unused beam: score minus infinity, parent -1, token SIDR_TOKEN_NONE */
#define SIDR_TOKEN_NONE 0xFFFFFFFFu /* the beam took no step: it had ended, or is unused */
#define SIDR_MAX_LEVELS 8
#define SIDR_MAX_CODES 65536
#define SIDR_MAX_BEAMS 1024         /* beams of one request */

/* Type of the logits. */
enum { SIDR_F32 = 0, SIDR_F16 = 1, SIDR_BF16 = 2 };

/* What is subtracted from a logit. All in natural logarithms. */
enum {
    SIDR_SCORE_CHILDREN = 0, /* log-sum-exp over the node's children that the request's filter allows */
    SIDR_SCORE_GIVEN = 1,    /* log_sum_exp[row], given by the caller: over the whole vocabulary */
    SIDR_SCORE_ROW = 2       /* log-sum-exp over the row_width logits of the row */
};

/* Which column of a row holds a token's logit; first_column is subtracted from both. */
enum {
    SIDR_COLUMNS_SID = 0,    /* the token's place among the trie's sid_columns */
    SIDR_COLUMNS_TOKEN = 1   /* the token id itself: rows over the whole vocabulary */
};

/* Bits of `flags`, one word a request. A flagged request has only unused beams in its outputs. */
enum {
    SIDR_FLAG_INVALID_LOGITS = 1, /* NaN or plus infinity among what its scores depend on */
    SIDR_FLAG_INVALID_BEAM = 2    /* a row or a node out of range */
};

/* Instruction sets of the CPU kernel. All give the same bits. */
enum { SIDR_CPU_BEST = 0, SIDR_CPU_SCALAR = 1, SIDR_CPU_AVX2 = 2, SIDR_CPU_AVX512 = 3 };

typedef struct sidr_trie sidr_trie;     /* a trie in host memory, or its copy on a device; immutable */
typedef struct sidr_device sidr_device; /* one CUDA device: its primary context and the loaded kernels */

/* ---- library ------------------------------------------------------------------------------------------------------------- */

/* Returns SIDR_ABI_VERSION of the library that was loaded.
 * Time: at once. Memory: allocates nothing. Threads: any. */
SIDR_API uint32_t sidr_abi_version(void);

/* Copies the sentence of this thread's last failed call.
 *   buffer       out     char [bytes], ends with a zero byte; cut if it does not fit                host
 *   bytes        in      size of buffer; 0 = only ask for the length
 * Returns the sentence's length without the zero byte; 0 after a call that succeeded.
 * Time: at once. Memory: allocates nothing. Threads: any; each has its own sentence. Owner: the caller, of buffer. */
SIDR_API uint64_t sidr_last_error(char* buffer, uint64_t bytes);

/* Chooses the CPU kernel's instruction set for the whole process, for tests and measurements; results do not change.
 *   level        in      SIDR_CPU_*
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT if this processor or build lacks it (the choice stays).
 * Time: at once. Memory: allocates nothing. Threads: any; calls in flight keep theirs. */
SIDR_API sidr_status sidr_cpu_set(uint32_t level);

/* Returns the instruction set in use, SIDR_CPU_SCALAR or above.
 * Time: at once. Memory: allocates nothing. Threads: any. */
SIDR_API uint32_t sidr_cpu_get(void);

/* ---- trie ---------------------------------------------------------------------------------------------------------------- */

typedef struct sidr_trie_build_args {
    uint32_t size;               /* sizeof(sidr_trie_build_args) */
    uint32_t levels;             /* 1 to SIDR_MAX_LEVELS */
    uint64_t items;              /* 1 to 2^31 - 1 */
    const uint32_t* tokens;      /* [items, levels] token ids, row-major; a shorter SID is filled up with SIDR_TOKEN_NONE */
    const uint32_t* sid_columns; /* [column_count] token id of each column of sid_logits, ascending; NULL = the tokens that occur */
    uint64_t column_count;
} sidr_trie_build_args;

typedef struct sidr_trie_info {
    uint32_t size;                          /* sizeof(sidr_trie_info), set by the caller */
    uint32_t levels;
    uint64_t items;
    uint64_t sids;                          /* different SIDs */
    uint64_t bytes;                         /* of the arrays, as in the file */
    uint64_t nodes[SIDR_MAX_LEVELS + 1];    /* nodes of each depth; [0] is 1 */
    uint32_t tokens[SIDR_MAX_LEVELS];       /* different tokens of each level */
    uint32_t max_fan_out[SIDR_MAX_LEVELS];  /* most children of a node of this depth */
    uint32_t column_count;
    uint32_t is_ragged;                     /* 1 if SIDs differ in length */
    uint32_t is_on_device;                  /* 1 if its arrays lie on a CUDA device */
    uint32_t reserved;
} sidr_trie_info;

/* Builds a trie from SIDs in any order; items may share a SID.
 *   args         in      see the structure; its arrays are read during the call only                 host
 *   trie         out     handle, to be closed with sidr_trie_close()
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT (an empty SID, one SID the prefix of another, more than 65,536 tokens at a level, a token that
 *   is no column, columns that do not ascend); SIDR_OUT_OF_MEMORY.
 * Time: one radix sort, 20 to 60 ms per 1M items. Memory: 16 to 40 bytes an item while it runs.
 * Threads: any. Owner: the caller, of the handle. */
SIDR_API sidr_status sidr_trie_build(const sidr_trie_build_args* args, sidr_trie** trie);

/* Maps a catalog.sidtrie and checks every section before the handle is given out.
 *   path         in      file name, UTF-8, zero byte at its end
 *   trie         out     handle, to be closed with sidr_trie_close()
 * Returns SIDR_OK; SIDR_FILE_ERROR; SIDR_BAD_FILE (the sentence names file, section, found and expected).
 * Time: one pass over the bytes, about 1 ms per 4 MB. Memory: the mapping, and 4 bytes a token of each level.
 * Threads: any. Owner: the caller, of the handle; the file must not be written to while it is open. */
SIDR_API sidr_status sidr_trie_open(const char* path, sidr_trie** trie);

/* Opens a trie over the bytes of a catalog.sidtrie that lie in the caller's memory, mapped or built there, and checks every section first.
 *   image        in      u8 [bytes], 64-aligned                                                     host
 *   bytes        in      size of the whole file
 *   trie         out     handle, to be closed with sidr_trie_close()
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT; SIDR_BAD_FILE (the sentence names section, found and expected). Since version 1.1.
 * Time: one pass over the bytes, about 1 ms per 4 MB. Memory: 4 bytes a token of each level; the bytes are not copied.
 * Threads: any. Owner: the caller, of the handle and of the image, which must stay as it is until the handle is closed. */
SIDR_API sidr_status sidr_trie_map(const void* image, uint64_t bytes, sidr_trie** trie);

/* Writes the trie's bytes to a temporary name in the same folder, flushes them and renames.
 *   trie         in      a trie in host memory
 *   path         in      file name, UTF-8
 *   source_hash  in      u8 [16] that the header carries; NULL = zero                              host
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT (a trie on a device); SIDR_FILE_ERROR (no file, or the old one, is left).
 * Time: writes and flushes the bytes. Memory: allocates nothing. Threads: any. */
SIDR_API sidr_status sidr_trie_save(const sidr_trie* trie, const char* path, const uint8_t* source_hash);

/* Copies a host trie to a device; the copy is independent of the original.
 *   trie         in      a trie in host memory
 *   device       in      open device; must outlive the copy
 *   copy         out     handle, to be closed with sidr_trie_close()
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT; SIDR_OUT_OF_MEMORY; SIDR_DEVICE_ERROR.
 * Time: the copy, synchronous. Memory: the trie's bytes on the device. Threads: any. Owner: the caller, of the handle. */
SIDR_API sidr_status sidr_trie_upload(const sidr_trie* trie, sidr_device* device, sidr_trie** copy);

/* Frees a trie; NULL is allowed. No call that uses it may be running, on a stream neither.
 * Returns SIDR_OK. Time: at once. Threads: any. */
SIDR_API sidr_status sidr_trie_close(sidr_trie* trie);

/* Fills in what the trie holds.
 *   info         in/out  size set by the caller
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT. Time: at once. Memory: allocates nothing. Threads: any. */
SIDR_API sidr_status sidr_trie_get_info(const sidr_trie* trie, sidr_trie_info* info);

/* Finds the node that a prefix of tokens leads to.
 *   trie         in      a trie in host memory
 *   tokens       in      u32 [count] token ids; count at most the levels                            host
 *   node         out     its number at depth `count`; SIDR_NODE_DEAD if no SID begins so
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT. Time: a binary search a level. Memory: allocates nothing. Threads: any. */
SIDR_API sidr_status sidr_trie_find(const sidr_trie* trie, const uint32_t* tokens, uint32_t count, uint32_t* node);

/* Lists the children of a node.
 *   trie         in      a trie in host memory
 *   depth, node  in      the node; depth below the levels
 *   first, count out     its children are nodes first to first + count - 1 of depth + 1, in ascending order of token id
 *   tokens       out     u32 [capacity] their token ids; may be NULL with capacity 0                host
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT. Time: at once. Memory: allocates nothing. Threads: any. */
SIDR_API sidr_status sidr_trie_children(const sidr_trie* trie, uint32_t depth, uint32_t node, uint32_t* first, uint32_t* count,
                                        uint32_t* tokens, uint32_t capacity);

/* Lists the items of a SID.
 *   trie         in      a trie in host memory
 *   depth, node  in      a node that ends a SID
 *   count        out     how many items share it
 *   items        out     u32 [capacity] their indexes in the catalogue, ascending; NULL with capacity 0 = only count      host
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT (the node ends no SID). Time: at once. Memory: allocates nothing. Threads: any. */
SIDR_API sidr_status sidr_trie_items(const sidr_trie* trie, uint32_t depth, uint32_t node, uint32_t* count, uint32_t* items,
                                     uint32_t capacity);

/* ---- filters --------------------------------------------------------------------------------------------------------------
 * An item bitmap has bit i % 64 of word i / 64 for item i of the catalogue, ceil(items / 64) words; bits past the last are ignored.
 * Node bits tell the step which branches hold an allowed item, lifted once a request: a run of ceil(nodes / 64) words a depth, depth 1 to L,
 * one after the other, bit i % 64 of word i / 64 for node i; then zero words up to a multiple of 32. */

/* Words of one filter's node bits.
 *   words        out     u64 words, a multiple of 32
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT. Time: at once. Memory: allocates nothing. Threads: any. */
SIDR_API sidr_status sidr_filter_words(const sidr_trie* trie, uint64_t* words);

typedef struct sidr_filter_evaluate_args {
    uint32_t size;            /* sizeof(sidr_filter_evaluate_args) */
    uint32_t bitmap_count;    /* resident attribute bitmaps: in stock, region, category ... */
    const uint64_t* bitmaps;  /* [bitmap_count, words]                                               device of the trie */
    const int32_t* program;   /* [length] in postfix order: k >= 0 pushes bitmap k, or SIDR_FILTER_* host */
    uint32_t length;          /* 1 to 64 */
    uint32_t reserved;
    uint64_t* item_bits;      /* out [ceil(items / 64)]; none of the inputs                          device of the trie */
    void* stream;             /* CUstream of the caller; unused on the CPU */
} sidr_filter_evaluate_args;
enum { SIDR_FILTER_NOT = -1, SIDR_FILTER_AND = -2, SIDR_FILTER_OR = -3, SIDR_FILTER_NONE = -4, SIDR_FILTER_ALL = -5 };

/* Combines attribute bitmaps into one item bitmap, by and, or, not.
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT (a program that does not end with one value or needs more than 16; nothing written);
 *   SIDR_DEVICE_ERROR.
 * Time: one pass over the bitmaps used; asynchronous on CUDA. Memory: allocates nothing. Threads: any. Owner: the caller. */
SIDR_API sidr_status sidr_filter_evaluate(const sidr_trie* trie, const sidr_filter_evaluate_args* args);

/* Lifts an item bitmap to node bits: a node's bit is set if any item below it is allowed.
 *   item_bits    in      u64 [ceil(items / 64)]                                                     device of the trie
 *   node_bits    out     u64 [sidr_filter_words()], all of it written                               device of the trie
 *   stream       in      CUstream of the caller; unused on the CPU
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT; SIDR_DEVICE_ERROR.
 * Time: one pass over the trie's nodes; asynchronous on CUDA, L + 1 launches. Memory: allocates nothing.
 * Threads: any. Owner: the caller, of every pointer. */
SIDR_API sidr_status sidr_filter_lift(const sidr_trie* trie, const uint64_t* item_bits, uint64_t* node_bits, void* stream);

/* ---- beam step ------------------------------------------------------------------------------------------------------------ */

typedef struct sidr_beam_advance_args {
    uint32_t size;               /* sizeof(sidr_beam_advance_args) */
    uint32_t depth;              /* of the nodes to expand, 0 to L - 1 */
    uint32_t requests;           /* at least 1 */
    uint32_t beams;              /* all requests' together */
    uint32_t max_width;          /* widest request, 1 to SIDR_MAX_BEAMS */
    uint32_t rows;               /* of sid_logits */
    uint32_t logits_type;        /* SIDR_F32, SIDR_F16 or SIDR_BF16 */
    uint32_t score_mode;         /* SIDR_SCORE_* */
    uint32_t column_kind;        /* SIDR_COLUMNS_* */
    uint32_t first_column;       /* column that element 0 of a row holds; usually 0 */
    uint32_t row_width;          /* logits of a row; every column of this level's tokens must be among them */
    uint32_t ancestor_stride;    /* elements a beam of the ancestor arrays, more than depth */
    uint64_t row_stride;         /* elements from one row to the next, at least row_width */
    const void* sid_logits;      /* in      logits_type [rows, row_width] */
    const float* log_sum_exp;    /* in      f32 [rows], natural log; SIDR_SCORE_GIVEN only */
    const uint32_t* request_start; /* in    u32 [requests + 1] first beam of each request, ascending from 0; NULL = all max_width wide */
    const int32_t* row;          /* in      i32 [beams] row of each beam; -1 = ended: keeps its score, competes unchanged; NULL = its own index */
    uint32_t* nodes;             /* in/out  u32 [beams] at `depth`, then at depth + 1; an ended beam's is unchanged; SIDR_NODE_DEAD = unused */
    float* scores;               /* in/out  f32 [beams] */
    uint32_t* next_nodes;        /* out     u32 [beams] written instead of nodes, which stay; NULL = in place */
    float* next_scores;          /* out     f32 [beams] written instead of scores, which stay; NULL = in place */
    int32_t* parents;            /* out     i32 [beams] beam of the same request that this one continues, from 0; -1 = unused */
    uint32_t* tokens;            /* out     u32 [beams] token id, or SIDR_TOKEN_NONE */
    int32_t* next_row;           /* out     i32 [beams] its own index, or -1 if it has ended or is unused; NULL = not wanted; not `row` */
    int64_t* input_ids;          /* out     i64 [beams] token id for the model, 0 where there is none; NULL = not wanted */
    int64_t* positions;          /* out     i64 [beams] base_position[request] + depth; NULL = not wanted */
    const int64_t* base_position; /* in     i64 [requests] position of a request's first SID token; needed with positions */
    const int32_t* ancestors;    /* in      i32 [beams, ancestor_stride]; columns 0 to depth - 1 are read */
    int32_t* next_ancestors;     /* out     i32 [beams, ancestor_stride] the parent's, then depth * beams + its own index; NULL = not wanted; not `ancestors` */
    const uint64_t* filter_bits; /* in      u64 [filters, filter_stride] node bits of sidr_filter_lift(); NULL = no filters */
    const int32_t* filter_of;    /* in      i32 [requests] filter of each request, -1 = none; needed with filter_bits */
    uint64_t filter_stride;      /* words from one filter to the next, at least sidr_filter_words() */
    uint32_t* flags;             /* out     u32 [requests] SIDR_FLAG_*; NULL = not wanted (on CUDA a fault then shows only as unused beams) */
    void* workspace;             /* scratch sidr_beam_advance_workspace_size() bytes, 256-aligned */
    uint64_t workspace_bytes;
    void* stream;                /* CUstream of the caller, NULL = default stream; unused on the CPU */
} sidr_beam_advance_args;

/* Bytes of scratch that sidr_beam_advance() needs for these arguments; the pointers in them are not looked at.
 *   bytes        out     at least 256; depends on depth, requests, max_width, rows, row_width and score_mode
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT. Time: at once. Memory: allocates nothing. Threads: any. */
SIDR_API sidr_status sidr_beam_advance_workspace_size(const sidr_trie* trie, const sidr_beam_advance_args* args, uint64_t* bytes);

/* Moves every live beam one level down the trie and keeps the best survivors of each request, best first.
 *   args         in/out  see the structure; all its arrays                                         device of the trie
 * A candidate is (beam, child) with score = score[beam] + (logit - log-sum-exp); one that is minus infinity is none. A beam whose row is
 * -1 or whose node has no children is one candidate with its own score. The W best of a request are written in the order: score
 * descending, then parent, then token ascending. Where there are fewer, the rest is unused. CPU and CUDA give the same bits:
 * sums of exponentials have a fixed order (native/src/beam_math.h).
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT and SIDR_WORKSPACE_TOO_SMALL (nothing written); SIDR_INVALID_LOGITS (CPU; the flagged requests
 *   have no result); SIDR_DEVICE_ERROR (outputs undefined).
 * Time: asynchronous on CUDA, ready when stream is, and may be captured in a graph. Memory: allocates nothing.
 * Threads: a trie may be shared by all; a workspace serves one call at a time. Owner: the caller, of every pointer.
 * Source: STATIC (arXiv:2602.22647), the sparse transition, without its padding and its dense tables. */
SIDR_API sidr_status sidr_beam_advance(const sidr_trie* trie, const sidr_beam_advance_args* args);

/* ---- device --------------------------------------------------------------------------------------------------------------- */

typedef struct sidr_device_info {
    uint32_t size;               /* sizeof(sidr_device_info), set by the caller */
    int32_t ordinal;
    int32_t driver_version;      /* as the driver gives it, 13000 = 13.0 */
    int32_t compute_capability;  /* 90 = 9.0 */
    int32_t multiprocessors;
    int32_t has_clusters;        /* 1 if requests of many beams are spread over a thread block cluster */
    uint64_t memory_bytes;
    uint64_t free_bytes;         /* at this moment */
    char name[128];
    char image[64];              /* which embedded image was loaded: "nvcc fatbin", "clang ptx sm_90", "file", ... */
} sidr_device_info;

/* Opens a CUDA device: loads the driver (libcuda.so.1), retains the primary context and loads the kernels.
 *   ordinal      in      0 for the first GPU
 *   image_path   in      PTX, cubin or fatbin file to load instead of the embedded image; NULL = the embedded one
 *   device       out     handle, to be closed with sidr_device_close()
 * Returns SIDR_OK; SIDR_NO_DEVICE (the sentence says what is missing); SIDR_FILE_ERROR (image_path); SIDR_DEVICE_ERROR.
 * Time: up to a second where PTX must be compiled; the driver caches it. Memory: the driver's context.
 * Threads: any; the context is made current during each call and the caller's restored. Owner: the caller, of the handle. */
SIDR_API sidr_status sidr_device_open(int32_t ordinal, const char* image_path, sidr_device** device);

/* Closes a device; its tries must be closed before, its memory freed and its streams idle. NULL is allowed.
 * Returns SIDR_OK. Threads: any. */
SIDR_API sidr_status sidr_device_close(sidr_device* device);

/* Fills in what the device is.
 *   info         in/out  size set by the caller
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT; SIDR_DEVICE_ERROR. Time: at once. Threads: any. */
SIDR_API sidr_status sidr_device_get_info(sidr_device* device, sidr_device_info* info);

/* Allocates device memory, 256-aligned; page-locked host memory with is_host 1 (written by the host, read by any device).
 *   pointer      out     address; freed with sidr_memory_free() and the same is_host
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT; SIDR_OUT_OF_MEMORY; SIDR_DEVICE_ERROR. Threads: any. Owner: the caller. */
SIDR_API sidr_status sidr_memory_allocate(sidr_device* device, uint64_t bytes, uint32_t is_host, void** pointer);

/* Frees what sidr_memory_allocate() gave; NULL is allowed. Returns SIDR_OK; SIDR_DEVICE_ERROR. Threads: any. */
SIDR_API sidr_status sidr_memory_free(sidr_device* device, void* pointer, uint32_t is_host);

/* Copies bytes in the stream's order; either side may be host or device memory.
 *   to, from     in      addresses; host memory that is not page-locked makes the call wait
 *   stream       in      CUstream of the caller, NULL = default stream
 * Returns SIDR_OK; SIDR_INVALID_ARGUMENT; SIDR_DEVICE_ERROR. Time: asynchronous. Threads: any. */
SIDR_API sidr_status sidr_memory_copy(sidr_device* device, void* to, const void* from, uint64_t bytes, void* stream);

/* Makes a stream that does not wait for the default stream. Its value is a CUstream (cudaStream_t) for any library.
 * Returns SIDR_OK; SIDR_DEVICE_ERROR. Threads: any. Owner: the caller, until sidr_stream_destroy(). */
SIDR_API sidr_status sidr_stream_create(sidr_device* device, void** stream);

/* Waits until all work given to the stream is done.
 * Returns SIDR_OK; SIDR_DEVICE_ERROR (some kernel before failed; the device is then unusable for the process). Threads: any. */
SIDR_API sidr_status sidr_stream_synchronize(sidr_device* device, void* stream);

/* Frees a stream. Returns SIDR_OK; SIDR_DEVICE_ERROR. Threads: any. */
SIDR_API sidr_status sidr_stream_destroy(sidr_device* device, void* stream);

#ifdef __cplusplus
}
#endif

#endif
