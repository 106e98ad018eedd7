// What the host hands to the device kernels, by value. Plain types only: every device compiler and the host read this file.
#pragma once

#include "packed.h"

#define SIDR_STEP_MAX_THREADS 1024
#define SIDR_WIDE_MAX_THREADS 512 /* of the kernels that hold a wide row in registers */
#define SIDR_MAX_CLUSTER 8
#define SIDR_MAX_GROUP_KEYS 4096 /* group maxima of one request, over all its blocks */

struct SidrCudaStep {
    const void* logits;
    const float* log_sum_exp;
    const unsigned* request_start;
    const int* row;
    const unsigned* nodes;
    const float* scores;
    unsigned* next_nodes; /* may be nodes */
    float* next_scores;
    int* parents;
    unsigned* tokens;
    int* next_row;
    long long* input_ids;
    long long* positions;
    const long long* base_position;
    const int* ancestors;
    int* next_ancestors;
    const unsigned* filter_bits; /* of the children's depth, as 32-bit words */
    const int* filter_of;
    unsigned* flags;
    SidrFirstChild first_child;
    SidrFirstChild next_first_child; /* null if the children are leaves */
    const void* ranks;
    const unsigned* column_of;
    const unsigned* token_of;
    const float* tiles; /* [rows][tile_count][2] largest and sum of each tile, by sidr_row_tiles; null = the step reads the rows itself */
    unsigned long long row_stride;
    unsigned long long filter_stride; /* 32-bit words */
    unsigned depth, beams, max_width, rows, row_width, first_column, score_mode;
    unsigned ancestor_stride, node_count, level_tokens, column_base, rank_bytes, tile_count;
    unsigned cluster;         /* blocks of a request */
    unsigned warps_per_beam;  /* a power of two */
    unsigned slots;           /* group maxima a thread keeps: 1 or 4 */
    unsigned merge;           /* neighbouring lanes whose maxima are joined: 2^merge */
    unsigned limit;           /* survivors that the last sort takes */
    unsigned vector_loads;    /* 1 if each row begins at a multiple of 16 bytes */
    unsigned local_width;     /* beams of a block at most */
    /* Of cuda_fast.h alone. */
    unsigned cluster_log2, per_beam_log2;
    unsigned stride;          /* scores that a beam's place in shared memory holds, a multiple of 8 */
    unsigned chunk_beams;     /* beams of a block at once; at most 32 for each group of warps that takes a beam */
    unsigned chunks;          /* turns that the widest request needs */
    unsigned tops;            /* +1: a thread keeps two group maxima; +2: of each beam by itself */
    unsigned token_base;      /* token of rank 0 where the tokens follow on one another, else 0xffffffff */
    unsigned long long* stamps; /* [SIDR_STAMPS] clocks of block 0 at the borders of the phases, in the kernels made for that */
};

/* A step in two passes, see cuda_split.h. */
struct SidrCudaSplit {
    SidrCudaStep step; /* as the caller wants it */
    unsigned* nodes;   /* [requests << parts_log2][max_width] places of the parts, and so on: inputs of the first pass, then its results */
    float* scores;
    int* row;
    int* parents;
    unsigned* tokens;
    unsigned* flags; /* [requests << parts_log2] */
    int* filter_of;
    unsigned parts_log2, requests;
};

/* Fixed part of a block's shared memory; sidr_parts() in beam_cuda.cu lists what follows it. */
struct SidrShared {
    unsigned total;     /* children seen by this block */
    unsigned flag;
    unsigned survivors; /* found by this block; may exceed what was stored */
    unsigned pad;
    unsigned keys_max[32], keys_min[32];
    unsigned counts[256]; /* radix selection: this block's counts, then the request's */
    unsigned sums[256];
};

#define SIDR_BINS 512 /* distances from the best beam's score, see cuda_fast.h */
#define SIDR_STAMPS 12

/* The same for cuda_fast.h. */
struct SidrFastShared {
    unsigned flag;
    unsigned survivors[2]; /* of this turn and the one before */
    unsigned pad;
    unsigned bins[SIDR_BINS]; /* group maxima of this block */
    unsigned sums[SIDR_BINS]; /* of the request; counts of the radix selection */
};

struct SidrCudaFilterEvaluate {
    const unsigned long long* bitmaps;
    unsigned long long* item_bits;
    unsigned long long words;
    unsigned length;
    int program[64];
};

/* One depth of the lift. Ends take their items' bits, inner nodes their children's. */
struct SidrCudaFilterLift {
    const unsigned long long* item_bits;
    SidrItemIds item_ids;
    const unsigned* sid_first_item; /* null if every SID has one item */
    SidrFirstChild first_child;     /* null at the last depth */
    const unsigned* end_rank;       /* null where the depth has no ends */
    const unsigned* below;          /* node bits of the next depth, 32-bit words */
    unsigned* bits;                 /* node bits of this depth */
    unsigned long long end_base;
    unsigned node_count;
    unsigned word_count;            /* 32-bit words to write, the last filled up with zero */
};
