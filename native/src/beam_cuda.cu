// The beam step on CUDA: one source for clang, nvcc, NVRTC and the emulator of the tests. Compile without contraction (see beam_math.h).
// Two ways to the same bits: cuda_fast.h, and the general one described here, which has no limit on the children of a node.
//
// One launch; two passes for many beams where there are no clusters (cuda_split.h). A request is one thread block, or a cluster of up to eight that share its beams (beam b lies in block b mod cluster).
//  1. A warp takes a beam: log-sum-exp, then the scores of its children; each thread keeps the largest it saw (a group's maximum).
//  2. A lower bound of the W-th best score: the W-th largest group maximum, by bisection over the maxima of the whole request.
//  3. The beams that reach it are walked again; what reaches it is a survivor. There are little more than W of them as a rule; where ties
//     make them many, a radix selection over (score, beam, child) finds the exact bound.
//  4. Each survivor counts the better ones: that is its place, and its thread writes it.
// Scores, order and ties are those of beam_cpu_kernel.h, bit for bit.
#include "cuda_compat.h"
#include "cuda_args.h"

#define SIDR_MINUS_INFINITY sidr_float(0xff800000u)
#define SIDR_DEAD 0xffffffffu
#define SIDR_KEY_MINUS_INFINITY 0x007fffffu
#define SIDR_KEY_INFINITY 0xff800000u
#define SIDR_BEAM_EMPTY 0u
#define SIDR_BEAM_LIVE 1u
#define SIDR_BEAM_ENDED 2u

// ---- logits ----

template <int TYPE>
SIDR_DEVICE float sidr_logit(const void* row, unsigned column) {
    if (TYPE == 0) return ((const float*)row)[column];
    unsigned short h = ((const unsigned short*)row)[column];
    if (TYPE == 1) return sidr_from_f16(h);
    return sidr_float((unsigned)h << 16);
}

template <int TYPE>
SIDR_DEVICE const void* sidr_row(const SidrCudaStep& s, unsigned row) {
    return (const char*)s.logits + (sidr_u64)row * s.row_stride * (TYPE == 0 ? 4 : 2);
}

SIDR_DEVICE void sidr_unpack2(unsigned word, int type, float& low, float& high) {
    if (type == 1) {
        low = sidr_from_f16((unsigned short)(word & 0xffffu));
        high = sidr_from_f16((unsigned short)(word >> 16));
    } else {
        low = sidr_float(word << 16);
        high = sidr_float(word & 0xffff0000u);
    }
}

// Columns `at` to `at` + 7; minus infinity from `width` on.
template <int TYPE>
SIDR_DEVICE void sidr_load8(const void* row, unsigned at, unsigned width, bool vector_loads, float* x) {
    if (vector_loads && at + 8 <= width) {
        if (TYPE == 0) {
            const float* p = (const float*)row + at;
            sidr_vec16 a = sidr_load16(p), b = sidr_load16(p + 4);
            x[0] = sidr_float(a.x);
            x[1] = sidr_float(a.y);
            x[2] = sidr_float(a.z);
            x[3] = sidr_float(a.w);
            x[4] = sidr_float(b.x);
            x[5] = sidr_float(b.y);
            x[6] = sidr_float(b.z);
            x[7] = sidr_float(b.w);
        } else {
            sidr_vec16 a = sidr_load16((const unsigned short*)row + at);
            sidr_unpack2(a.x, TYPE, x[0], x[1]);
            sidr_unpack2(a.y, TYPE, x[2], x[3]);
            sidr_unpack2(a.z, TYPE, x[4], x[5]);
            sidr_unpack2(a.w, TYPE, x[6], x[7]);
        }
        return;
    }
    SIDR_UNROLL
    for (int k = 0; k < 8; k++) x[k] = at + k < width ? sidr_logit<TYPE>(row, at + k) : SIDR_MINUS_INFINITY;
}

// Largest value so far, and whether a NaN was among them: the maximum instruction drops it.
struct SidrLargest {
    float value;
    bool nan;
    SIDR_METHOD void take(float x) {
        value = sidr_max(value, x);
        nan |= x != x;
    }
};

// Over a warp's lanes; NaN if any met one.
SIDR_DEVICE float sidr_warp_largest(const SidrLargest& m) {
    unsigned key = sidr_warp_max(m.nan ? 0xffffffffu : sidr_key(m.value));
    return sidr_key_value(key == 0xffffffffu ? 0xffc00000u : key);
}

SIDR_DEVICE bool sidr_is_bad(float x) { return !(x <= 3.402823466e+38f); }

SIDR_DEVICE float sidr_term(float x, float scaled) {
    return sidr_exp2(sidr_max(sidr_fma(x, SIDR_LOG2E, -scaled), SIDR_EXP_FLOOR));
}

SIDR_DEVICE float sidr_warp_sum(float sum) {
    for (unsigned mask = 1; mask < 32; mask *= 2) sum = sum + sidr_float(sidr_shuffle_xor(sidr_bits(sum), mask));
    return sum;
}

// Largest value and sum of a tile of at most SIDR_ROW_TILE columns, by one warp.
template <int TYPE>
SIDR_DEVICE void sidr_tile(const void* row, unsigned begin, unsigned width, bool vector_loads, unsigned lane, float& largest, float& sum) {
    unsigned end = width - begin < SIDR_ROW_TILE ? width : begin + SIDR_ROW_TILE, at = begin + 8 * lane;
    float x[8], m, acc[8];
    SidrLargest seen = {SIDR_MINUS_INFINITY, false};
    if (end - begin <= 256) {
        sidr_load8<TYPE>(row, at, end, vector_loads, x);
        SIDR_UNROLL
        for (int k = 0; k < 8; k++) seen.take(x[k]);
        largest = m = sidr_warp_largest(seen);
        float scaled = m * SIDR_LOG2E;
        SIDR_UNROLL
        for (int k = 0; k < 8; k++) acc[k] = at + k < end ? sidr_term(x[k], scaled) : 0.0f;
    } else {
        SidrLargest odd = seen;
        for (unsigned i = at; i < end; i += 1024) {  // four loads in flight
            float y[4][8];
            SIDR_UNROLL
            for (int u = 0; u < 4; u++)
                if (i + 256 * u < end) sidr_load8<TYPE>(row, i + 256 * u, end, vector_loads, y[u]);
                else
                    for (int k = 0; k < 8; k++) y[u][k] = SIDR_MINUS_INFINITY;
            SIDR_UNROLL
            for (int u = 0; u < 4; u++) {
                SIDR_UNROLL
                for (int k = 0; k < 8; k += 2) {
                    seen.take(y[u][k]);
                    odd.take(y[u][k + 1]);
                }
            }
        }
        seen.take(odd.value);
        seen.nan |= odd.nan;
        largest = m = sidr_warp_largest(seen);
        float scaled = m * SIDR_LOG2E;
        SIDR_UNROLL
        for (int k = 0; k < 8; k++) acc[k] = 0.0f;
        unsigned i = at;
        SIDR_UNROLL2
        for (; i + 8 <= end; i += 256) {
            sidr_load8<TYPE>(row, i, end, vector_loads, x);
            SIDR_UNROLL
            for (int k = 0; k < 8; k++) acc[k] = acc[k] + sidr_term(x[k], scaled);
        }
        if (i < end) {
            sidr_load8<TYPE>(row, i, end, vector_loads, x);
            SIDR_UNROLL
            for (int k = 0; k < 8; k++)
                if (i + k < end) acc[k] = acc[k] + sidr_term(x[k], scaled);
        }
    }
    float part = ((acc[0] + acc[1]) + (acc[2] + acc[3])) + ((acc[4] + acc[5]) + (acc[6] + acc[7]));
    sum = sidr_warp_sum(part);
}

// Log-sum-exp of a whole row; NaN and plus infinity come out as such.
template <int TYPE>
SIDR_DEVICE float sidr_row_lse(const SidrCudaStep& s, unsigned row, unsigned lane) {
    float m, sum;
    if (s.tiles == 0 && s.row_width <= SIDR_ROW_TILE) {
        sidr_tile<TYPE>(sidr_row<TYPE>(s, row), 0, s.row_width, s.vector_loads != 0, lane, m, sum);
        if (!(m > SIDR_MINUS_INFINITY) || sidr_is_bad(m)) return m;
        return sidr_finish_lse(m, m * SIDR_LOG2E, sum);
    }
    const float* tiles = s.tiles + (sidr_u64)row * s.tile_count * 2;
    SidrLargest seen = {SIDR_MINUS_INFINITY, false};
    for (unsigned t = lane; t < s.tile_count; t += 32) seen.take(tiles[2 * t]);
    m = sidr_warp_largest(seen);
    if (!(m > SIDR_MINUS_INFINITY) || sidr_is_bad(m)) return m;
    float scaled = m * SIDR_LOG2E;
    sum = 0.0f;
    for (unsigned t0 = 0; t0 < s.tile_count; t0 += 32) {
        float tile_sum = 0.0f, weight = 0.0f;
        if (t0 + lane < s.tile_count) {
            float tile_m = tiles[2 * (t0 + lane)];
            if (tile_m > SIDR_MINUS_INFINITY) {
                tile_sum = tiles[2 * (t0 + lane) + 1];
                weight = sidr_exp2(sidr_max(tile_m * SIDR_LOG2E - scaled, SIDR_EXP_FLOOR));
            }
        }
        for (unsigned k = 0; k < 32 && t0 + k < s.tile_count; k++)
            sum = sidr_fma(sidr_float(sidr_shuffle(sidr_bits(tile_sum), k)), sidr_float(sidr_shuffle(sidr_bits(weight), k)), sum);
    }
    return sidr_finish_lse(m, scaled, sum);
}

// ---- one beam's children ----

struct SidrBeam {
    const void* row;
    const unsigned* filter;  // of the request, or null
    unsigned first, count, kind;
    float score, lse;
};

// Logit of child c; minus infinity if the filter forbids it.
template <int TYPE>
SIDR_DEVICE float sidr_child_logit(const SidrCudaStep& s, const SidrBeam& b, unsigned c) {
    unsigned node = b.first + c, rank;
    if (b.count == s.level_tokens) rank = c;
    else if (s.rank_bytes == 1) rank = ((const unsigned char*)s.ranks)[node];
    else rank = ((const unsigned short*)s.ranks)[node];
    unsigned column = (s.column_base != SIDR_DEAD ? s.column_base + rank : s.column_of[rank]) - s.first_column;
    float x = sidr_logit<TYPE>(b.row, column);
    if (b.filter && !((b.filter[node >> 5] >> (node & 31)) & 1)) x = SIDR_MINUS_INFINITY;
    return x;
}

template <int TYPE>
SIDR_DEVICE float sidr_children_lse(const SidrCudaStep& s, const SidrBeam& b, unsigned lane) {
    SidrLargest seen = {SIDR_MINUS_INFINITY, false};
    SIDR_UNROLL4
    for (unsigned c = lane; c < b.count; c += 32) seen.take(sidr_child_logit<TYPE>(s, b, c));
    float m = sidr_warp_largest(seen);
    if (!(m > SIDR_MINUS_INFINITY) || sidr_is_bad(m)) return m;
    float scaled = m * SIDR_LOG2E, sum = 0.0f;
    SIDR_UNROLL4
    for (unsigned c = lane; c < b.count; c += 32) sum = sum + sidr_term(sidr_child_logit<TYPE>(s, b, c), scaled);
    return sidr_finish_lse(m, scaled, sidr_warp_sum(sum));
}

// Key of child c: 0 if it is no candidate, above infinity's if it is not a number or infinite.
template <int TYPE>
SIDR_DEVICE unsigned sidr_child_key(const SidrCudaStep& s, const SidrBeam& b, unsigned c) {
    float x = sidr_child_logit<TYPE>(s, b, c);
    if (x == SIDR_MINUS_INFINITY) return 0;
    float score = (b.score + (x - b.lse)) + 0.0f;
    if (score == SIDR_MINUS_INFINITY) return 0;
    return sidr_is_bad(score) ? 0xffffffffu : sidr_key(score);
}

SIDR_DEVICE sidr_u64 sidr_composite(unsigned key, unsigned beam, unsigned child) {
    return (sidr_u64)key << 32 | (0xffffffffu - (beam << 16 | child));
}

// ---- shared memory of a block ----

// Parts of the dynamic memory, in this order; sizes in Shape of device.cpp.
struct SidrParts {
    SidrShared* shared;
    sidr_u64* mine;        // [limit] survivors of this block
    sidr_u64* all;         // [limit] survivors of the request
    unsigned* keys;        // [threads * slots >> merge] group maxima of this block
    float* score;          // [local_width] and so on: the block's beams
    float* lse;
    unsigned* first;
    unsigned* count;
    unsigned* kind;
    int* row;
    unsigned* best;        // [local_width * warps_per_beam] largest key of a beam's part
};

SIDR_DEVICE SidrParts sidr_parts(const SidrCudaStep& s, unsigned threads) {
    SidrParts p;
    unsigned char* at = (unsigned char*)SIDR_SHARED_MEMORY;
    p.shared = (SidrShared*)at;
    at += sizeof(SidrShared);
    p.mine = (sidr_u64*)at;
    at += s.limit * 8;
    p.all = (sidr_u64*)at;
    at += s.limit * 8;
    p.keys = (unsigned*)at;
    at += (threads * s.slots >> s.merge) * 4;
    p.score = (float*)at;
    p.lse = p.score + s.local_width;
    p.first = (unsigned*)(p.lse + s.local_width);
    p.count = p.first + s.local_width;
    p.kind = p.count + s.local_width;
    p.row = (int*)(p.kind + s.local_width);
    p.best = (unsigned*)(p.row + s.local_width);
    return p;
}

// Barrier of the request: of its block, or of its cluster.
SIDR_DEVICE void sidr_sync_request(const SidrCudaStep& s) {
    if (s.cluster == 1) {
        sidr_sync();
    } else {
        sidr_cluster_arrive();
        sidr_cluster_wait();
    }
}

template <int TYPE>
SIDR_DEVICE SidrBeam sidr_stored_beam(const SidrCudaStep& s, const SidrParts& p, unsigned j, const unsigned* filter) {
    SidrBeam b;
    b.kind = p.kind[j];
    b.score = p.score[j];
    b.lse = p.lse[j];
    b.first = p.first[j];
    b.count = p.count[j];
    b.filter = filter;
    b.row = sidr_row<TYPE>(s, b.kind == SIDR_BEAM_LIVE ? (unsigned)p.row[j] : 0u);
    return b;
}

// Calls visit(composite, whole warp active) for every candidate of this block whose key reaches `least`.
template <int TYPE, class Visit>
SIDR_DEVICE void sidr_visit(const SidrCudaStep& s, const SidrParts& p, unsigned rank, unsigned local, const unsigned* filter, unsigned least, Visit visit) {
    unsigned lane = sidr_tid() & 31, warp = sidr_tid() >> 5, per_beam = s.warps_per_beam, part = warp & (per_beam - 1);
    unsigned units = (sidr_threads() >> 5) / per_beam;
    for (unsigned j = warp / per_beam; j < local; j += units) {
        unsigned best = p.best[j * per_beam + part];
        if (best < least || best == 0) continue;
        SidrBeam b = sidr_stored_beam<TYPE>(s, p, j, filter);
        unsigned beam = rank + j * s.cluster;
        if (b.kind == SIDR_BEAM_ENDED) {
            if (lane == 0) visit(sidr_composite(best, beam, 0));
            continue;
        }
        unsigned stride = 32 * per_beam;
        for (unsigned c = part * 32 + lane; c < b.count; c += 4 * stride) {
            unsigned key[4];
            SIDR_UNROLL
            for (int u = 0; u < 4; u++) key[u] = c + u * stride < b.count ? sidr_child_key<TYPE>(s, b, c + u * stride) : 0;
            SIDR_UNROLL
            for (int u = 0; u < 4; u++)
                if (key[u] != 0 && key[u] >= least) visit(sidr_composite(key[u], beam, c + u * stride));
        }
    }
}

struct SidrCollect {
    unsigned* counter;
    sidr_u64* into;
    unsigned limit;
    sidr_u64 bound;
    SIDR_METHOD void operator()(sidr_u64 composite) const {
        if (composite < bound) return;
        unsigned at = sidr_atomic_add(counter, 1);
        if (at < limit) into[at] = composite;
    }
};

struct SidrCount {
    unsigned* counts;
    sidr_u64 prefix;
    unsigned shift;  // of the byte to count
    SIDR_METHOD void operator()(sidr_u64 composite) const {
        if (shift < 56 && composite >> (shift + 8) != prefix) return;
        sidr_atomic_add(counts + ((unsigned)(composite >> shift) & 255u), 1);
    }
};

// The W-th largest composite of the request, by radix selection from the most significant byte. All threads of the request.
template <int TYPE>
SIDR_DEVICE sidr_u64 sidr_exact_bound(const SidrCudaStep& s, const SidrParts& p, unsigned rank, unsigned local, unsigned width, const unsigned* filter, unsigned least) {
    unsigned tid = sidr_tid(), threads = sidr_threads();
    sidr_u64 prefix = 0;
    unsigned wanted = width;
    for (int shift = 56; shift >= 0; shift -= 8) {
        for (unsigned i = tid; i < 256; i += threads) p.shared->counts[i] = 0;
        sidr_sync();
        SidrCount count = {p.shared->counts, prefix, (unsigned)shift};
        sidr_visit<TYPE>(s, p, rank, local, filter, least, count);
        sidr_sync_request(s);
        for (unsigned i = tid; i < 256; i += threads) {
            unsigned sum = 0;
            for (unsigned r = 0; r < s.cluster; r++) sum += *sidr_cluster_map(p.shared->counts + i, r);
            p.shared->sums[i] = sum;
        }
        sidr_sync_request(s);
        unsigned digit = 255, above = 0;
        while (digit > 0 && above + p.shared->sums[digit] < wanted) above += p.shared->sums[digit--];
        wanted -= above;
        prefix = prefix << 8 | digit;
    }
    return prefix;
}

// Writes one slot of the request; `composite` 0 = unused.
SIDR_DEVICE void sidr_emit(const SidrCudaStep& s, const SidrParts& p, unsigned request, unsigned begin, unsigned slot, sidr_u64 composite) {
    unsigned index = begin + slot, node = SIDR_DEAD, token = SIDR_DEAD, place = 0xffffffffu - (unsigned)composite, child = place & 0xffffu;
    int parent = -1, next_row = -1;
    float score = SIDR_MINUS_INFINITY;
    if (composite != 0) {
        parent = (int)(place >> 16);
        unsigned j = (unsigned)parent / s.cluster;
        score = sidr_key_value((unsigned)(composite >> 32));
        if (p.kind[j] == SIDR_BEAM_ENDED) {
            node = p.first[j];
        } else {
            node = p.first[j] + child;
            unsigned rank = child;
            if (p.count[j] != s.level_tokens) rank = s.rank_bytes == 1 ? ((const unsigned char*)s.ranks)[node] : ((const unsigned short*)s.ranks)[node];
            token = s.token_of[rank];
            if (s.next_row && s.next_first_child && s.next_first_child[node] != s.next_first_child[node + 1]) next_row = (int)index;
        }
    }
    s.next_nodes[index] = node;
    s.next_scores[index] = score;
    s.parents[index] = parent;
    s.tokens[index] = token;
    if (s.next_row) s.next_row[index] = next_row;
    if (s.input_ids) s.input_ids[index] = token == SIDR_DEAD ? 0 : (long long)token;
    if (s.positions) s.positions[index] = s.base_position[request] + s.depth;
    if (s.next_ancestors) {
        int* out = s.next_ancestors + (sidr_u64)index * s.ancestor_stride;
        const int* in = s.ancestors + (sidr_u64)(begin + (parent < 0 ? 0 : (unsigned)parent)) * s.ancestor_stride;
        for (unsigned d = 0; d < s.depth; d++) out[d] = parent < 0 ? -1 : in[d];
        out[s.depth] = (int)(s.depth * s.beams + index);
    }
}

// ---- the step ----

template <int TYPE>
SIDR_DEVICE void sidr_step(const SidrCudaStep& s) {
    unsigned tid = sidr_tid(), lane = tid & 31, warp = tid >> 5, threads = sidr_threads();
    unsigned rank = s.cluster == 1 ? 0 : sidr_cluster_rank(), request = sidr_block() / s.cluster;
    SidrParts p = sidr_parts(s, threads);
    unsigned begin = s.request_start ? s.request_start[request] : request * s.max_width;
    unsigned width = s.request_start ? s.request_start[request + 1] - begin : s.max_width;
    unsigned local = width > rank ? (width - rank + s.cluster - 1) / s.cluster : 0;
    const unsigned* filter = 0;
    if (s.filter_bits) {
        int f = s.filter_of[request];
        if (f >= 0) filter = s.filter_bits + (sidr_u64)f * s.filter_stride;
    }
    if (tid == 0) {
        p.shared->total = 0;
        p.shared->flag = 0;
        p.shared->survivors = 0;
    }
    sidr_sync();

    // 1. Scores and group maxima.
    unsigned per_beam = s.warps_per_beam, part = warp & (per_beam - 1), units = (threads >> 5) / per_beam;
    unsigned group[4] = {0, 0, 0, 0};
    for (unsigned j = warp / per_beam; j < local; j += units) {
        unsigned index = begin + rank + j * s.cluster;
        unsigned node = s.nodes[index], flag = 0, best = 0;
        int row = s.row ? s.row[index] : (int)index;
        SidrBeam b;
        b.score = s.scores[index];
        b.lse = 0.0f;
        b.first = node;
        b.count = 0;
        b.filter = filter;
        b.kind = SIDR_BEAM_EMPTY;
        if (node != SIDR_DEAD && b.score != SIDR_MINUS_INFINITY) {
            if (sidr_is_bad(b.score)) {
                flag = 1;
            } else if (row == -1) {
                b.kind = SIDR_BEAM_ENDED;
            } else if (row < 0 || (unsigned)row >= s.rows || node >= s.node_count) {
                flag = 2;
            } else {
                b.row = sidr_row<TYPE>(s, (unsigned)row);
                unsigned first = s.first_child[node], end = s.first_child[node + 1];
                b.kind = first == end ? SIDR_BEAM_ENDED : SIDR_BEAM_LIVE;
                if (first != end) {
                    b.first = first;
                    b.count = end - first;
                    if (s.score_mode == 1) b.lse = s.log_sum_exp[row];
                    else if (s.score_mode == 2) b.lse = sidr_row_lse<TYPE>(s, (unsigned)row, lane);
                    else b.lse = sidr_children_lse<TYPE>(s, b, lane);
                    if (b.lse == SIDR_MINUS_INFINITY) {  // nothing is possible here
                        if (s.score_mode == 1) flag = 1;
                        b.kind = SIDR_BEAM_EMPTY;
                    } else if (b.lse != b.lse || (s.score_mode != 1 && sidr_is_bad(b.lse))) {
                        flag = 1;
                        b.kind = SIDR_BEAM_EMPTY;
                    }
                }
            }
        }
        if (b.kind == SIDR_BEAM_ENDED) {
            best = part == 0 ? sidr_key(b.score + 0.0f) : 0;
            if (lane == 0 && best > group[0]) group[0] = best;
        } else if (b.kind == SIDR_BEAM_LIVE) {
            unsigned stride = 32 * per_beam;
            for (unsigned c = part * 32 + lane; c < b.count; c += 4 * stride) {
                SIDR_UNROLL
                for (int u = 0; u < 4; u++) {
                    unsigned key = c + u * stride < b.count ? sidr_child_key<TYPE>(s, b, c + u * stride) : 0;
                    if (key > group[u]) group[u] = key;
                    if (key > best) best = key;
                }
            }
            best = sidr_warp_max(best);
            if (best > SIDR_KEY_INFINITY) flag = 1;
        }
        if (lane == 0) {
            p.best[j * per_beam + part] = best;
            if (part == 0) {
                p.score[j] = b.score;
                p.lse[j] = b.lse;
                p.first[j] = b.first;
                p.count[j] = b.count;
                p.kind[j] = b.kind;
                p.row[j] = row;
                sidr_atomic_add(&p.shared->total, b.kind == SIDR_BEAM_ENDED ? 1 : b.count);
            }
            if (flag) sidr_atomic_or(&p.shared->flag, flag);
        }
    }

    // Group maxima to shared memory: 1 or 4 a thread, neighbouring lanes joined.
    unsigned per_thread = s.slots;
    if (per_thread == 1) {
        unsigned a = group[0] > group[1] ? group[0] : group[1], c = group[2] > group[3] ? group[2] : group[3];
        group[0] = a > c ? a : c;
    }
    SIDR_UNROLL
    for (unsigned k = 0; k < 4; k++)
        if (k < per_thread) {
            unsigned key = group[k];
            for (unsigned m = 0; m < s.merge; m++) {
                unsigned other = sidr_shuffle_xor(key, 1u << m);
                if (other > key) key = other;
            }
            if ((lane & ((1u << s.merge) - 1)) == 0) p.keys[(k * threads + tid) >> s.merge] = key;
        }
    sidr_sync_request(s);

    // 2. Lower bound of the W-th best.
    unsigned total = 0, flags = 0;
    for (unsigned r = 0; r < s.cluster; r++) {
        total += *sidr_cluster_map(&p.shared->total, r);
        flags |= *sidr_cluster_map(&p.shared->flag, r);
    }
    unsigned least = 1;
    if (total > s.limit && flags == 0) {
        unsigned own = threads * s.slots >> s.merge, keys = own * s.cluster;
        unsigned key[8], high = 0, low = 0xffffffffu;
        SIDR_UNROLL
        for (int k = 0; k < 8; k++) {
            unsigned i = tid + k * threads;
            key[k] = 0;
            if (i < keys) key[k] = *sidr_cluster_map(p.keys + i % own, i / own);
            if (key[k] > high) high = key[k];
            if (key[k] != 0 && key[k] < low) low = key[k];
        }
        high = sidr_warp_max(high);
        low = sidr_warp_min(low);
        if (lane == 0) {
            p.shared->keys_max[warp] = high;
            p.shared->keys_min[warp] = low;
        }
        sidr_sync();
        unsigned warps = threads >> 5;
        high = sidr_warp_max(lane < warps ? p.shared->keys_max[lane] : 0) + 1;
        low = sidr_warp_min(lane < warps ? p.shared->keys_min[lane] : 0xffffffffu);
        // Invariant: fewer than W keys reach `high`. `low` is taken if W or more reach it.
        unsigned enough = width + width / 8, wide = keys > threads ? 1 : 0;
        bool found = false;
        while (true) {
            unsigned middle = found ? low + (high - low) / 2 : low, count = 0;
            SIDR_UNROLL
            for (int k = 0; k < 8; k++)
                if (k == 0 || (wide && (unsigned)k * threads < keys)) count += sidr_sync_count(key[k] >= middle);
            if (count >= width) {
                low = middle;
                found = true;
                if (count <= enough) break;
            } else {
                if (!found) break;  // even the smallest maximum is not enough: everything may survive
                high = middle;
            }
            if (high - low <= 1) break;
        }
        least = found ? low : 1;
    }

    // 3. Survivors.
    if (flags == 0) {
        SidrCollect collect = {&p.shared->survivors, p.mine, s.limit, 0};
        sidr_visit<TYPE>(s, p, rank, local, filter, least, collect);
    }
    sidr_sync_request(s);
    unsigned sum = 0;
    for (unsigned r = 0; r < s.cluster; r++) sum += *sidr_cluster_map(&p.shared->survivors, r);
    if (sum > s.limit) {
        sidr_u64 bound = sidr_exact_bound<TYPE>(s, p, rank, local, width, filter, least);
        if (tid == 0) p.shared->survivors = 0;
        sidr_sync();
        SidrCollect collect = {&p.shared->survivors, p.mine, s.limit, bound};
        sidr_visit<TYPE>(s, p, rank, local, filter, least, collect);
        sidr_sync_request(s);
    }

    // 4. Places. Every block gathers all survivors, then places its own.
    unsigned found = 0, own = p.shared->survivors;
    const sidr_u64* all = p.mine;
    if (s.cluster == 1) {
        found = own;
    } else {
        for (unsigned r = 0; r < s.cluster; r++) {
            unsigned n = *sidr_cluster_map(&p.shared->survivors, r);
            const sidr_u64* from = sidr_cluster_map(p.mine, r);
            for (unsigned i = tid; i < n; i += threads) p.all[found + i] = from[i];
            found += n;
        }
        all = p.all;
        sidr_cluster_arrive();  // nothing of another block is read from here on
        sidr_sync();
    }
    unsigned split = 1;
    while (split < 32 && own * split * 2 <= threads) split *= 2;
    for (unsigned i0 = 0; i0 < own; i0 += threads / split) {
        unsigned i = i0 + tid / split, better = 0;
        sidr_u64 composite = i < own ? p.mine[i] : ~(sidr_u64)0;
        for (unsigned k = tid & (split - 1); k < found; k += split) better += all[k] > composite;
        for (unsigned m = 1; m < split; m *= 2) better += sidr_shuffle_xor(better, m);
        if (i < own && (tid & (split - 1)) == 0 && better < width) sidr_emit(s, p, request, begin, better, composite);
    }
    if (flags) found = 0;
    for (unsigned slot = found + rank + tid * s.cluster; slot < width; slot += threads * s.cluster) sidr_emit(s, p, request, begin, slot, 0);
    if (s.flags && rank == 0 && tid == 0) s.flags[request] = flags;
    if (s.cluster > 1) sidr_cluster_wait();
}

#include "cuda_fast.h"
#include "cuda_split.h"

// Largest value and sum of every tile of every row, a warp a tile; only for rows of more than SIDR_ROW_TILE columns.
template <int TYPE>
SIDR_DEVICE void sidr_tiles(const SidrCudaStep& s) {
    unsigned warp = (sidr_block() * sidr_threads() + sidr_tid()) >> 5, lane = sidr_tid() & 31;
    unsigned row = warp / s.tile_count, tile = warp % s.tile_count;
    if (row >= s.rows) return;
    float m, sum;
    sidr_tile<TYPE>(sidr_row<TYPE>(s, row), tile * SIDR_ROW_TILE, s.row_width, s.vector_loads != 0, lane, m, sum);
    if (lane == 0) {
        float* out = (float*)s.tiles + ((sidr_u64)row * s.tile_count + tile) * 2;
        out[0] = m;
        out[1] = sum;
    }
}

extern "C" {
__global__ void __launch_bounds__(SIDR_STEP_MAX_THREADS) sidr_step_f32(SidrCudaStep s) { sidr_step<0>(s); }
__global__ void __launch_bounds__(SIDR_STEP_MAX_THREADS) sidr_step_f16(SidrCudaStep s) { sidr_step<1>(s); }
__global__ void __launch_bounds__(SIDR_STEP_MAX_THREADS) sidr_step_bf16(SidrCudaStep s) { sidr_step<2>(s); }
#define SIDR_FAST_KERNELS(name, type)                                                                                                                 \
    __global__ void __launch_bounds__(1024) sidr_fast_##name##_children(SidrCudaStep s) { sidr_fast<type, SIDR_MODE_CHILDREN, 0>(s); }                \
    __global__ void __launch_bounds__(1024) sidr_fast_##name##_given(SidrCudaStep s) { sidr_fast<type, SIDR_MODE_GIVEN, 0>(s); }                      \
    __global__ void __launch_bounds__(1024) sidr_fast_##name##_row(SidrCudaStep s) { sidr_fast<type, SIDR_MODE_ROW, 0>(s); }                          \
    __global__ void __launch_bounds__(SIDR_WIDE_MAX_THREADS) sidr_fast_##name##_wide(SidrCudaStep s) { sidr_fast<type, SIDR_MODE_WIDE, 0>(s); }
SIDR_FAST_KERNELS(f32, 0)
SIDR_FAST_KERNELS(f16, 1)
SIDR_FAST_KERNELS(bf16, 2)
__global__ void __launch_bounds__(1024) sidr_stamps_bf16_row(SidrCudaStep s) { sidr_fast<2, SIDR_MODE_ROW, 1>(s); }
__global__ void __launch_bounds__(SIDR_WIDE_MAX_THREADS) sidr_stamps_bf16_wide(SidrCudaStep s) { sidr_fast<2, SIDR_MODE_WIDE, 1>(s); }
__global__ void __launch_bounds__(256) sidr_tiles_f32(SidrCudaStep s) { sidr_tiles<0>(s); }
__global__ void __launch_bounds__(256) sidr_tiles_f16(SidrCudaStep s) { sidr_tiles<1>(s); }
__global__ void __launch_bounds__(256) sidr_tiles_bf16(SidrCudaStep s) { sidr_tiles<2>(s); }

__global__ void __launch_bounds__(256) sidr_step_split(SidrCudaSplit p) { sidr_split(p); }
__global__ void __launch_bounds__(256) sidr_step_merge(SidrCudaSplit p) { sidr_merge(p); }

// Postfix program over words of attribute bitmaps.
__global__ void __launch_bounds__(256) sidr_filter_evaluate_words(SidrCudaFilterEvaluate f) {
    sidr_u64 w = (sidr_u64)sidr_block() * sidr_threads() + sidr_tid();
    if (w >= f.words) return;
    sidr_u64 stack[17];
    int top = 0;
    for (unsigned i = 0; i < f.length; i++) {
        int op = f.program[i];
        if (op >= 0) stack[top++] = f.bitmaps[(sidr_u64)op * f.words + w];
        else if (op == -4) stack[top++] = 0;
        else if (op == -5) stack[top++] = ~(sidr_u64)0;
        else if (op == -1) stack[top - 1] = ~stack[top - 1];
        else {
            top--;
            stack[top - 1] = op == -2 ? stack[top - 1] & stack[top] : stack[top - 1] | stack[top];
        }
    }
    f.item_bits[w] = stack[0];
}

// One depth of node bits, a warp a word.
__global__ void __launch_bounds__(256) sidr_filter_lift_depth(SidrCudaFilterLift f) {
    unsigned word = (sidr_block() * sidr_threads() + sidr_tid()) >> 5, lane = sidr_tid() & 31;
    if (word >= f.word_count) return;
    unsigned node = word * 32 + lane;
    bool allowed = false;
    if (node < f.node_count) {
        unsigned first = 0, end = 0;
        if (f.first_child) {
            first = f.first_child[node];
            end = f.first_child[node + 1];
        }
        if (first < end) {
            for (unsigned c = first; c < end && !allowed;) {
                unsigned bits = f.below[c >> 5] >> (c & 31), run = 32 - (c & 31);
                if (end - c < run) bits &= (1u << (end - c)) - 1;
                allowed = bits != 0;
                c += run;
            }
        } else {
            sidr_u64 sid = f.end_base + (f.end_rank ? f.end_rank[node] : node);
            sidr_u64 from = f.sid_first_item ? f.sid_first_item[sid] : sid, to = f.sid_first_item ? f.sid_first_item[sid + 1] : sid + 1;
            for (sidr_u64 i = from; i < to && !allowed; i++) {
                unsigned item = f.item_ids[i];
                allowed = ((f.item_bits[item >> 6] >> (item & 63)) & 1) != 0;
            }
        }
    }
    unsigned bits = sidr_ballot(allowed);
    if (lane == 0) f.bits[word] = bits;
}
}
