// The step for all but the widest levels, made for few instructions, few barriers and short chains of loads. Part of beam_cuda.cu.
//
// A request is one thread block, or a cluster of 2, 4 or 8 (beam b lies in block b mod cluster). A warp, or a few where beams are few, takes a beam.
//  1. Each lane loads what the warp needs to know of one of its beams. Then, beam after beam: the children's logits to shared memory, the
//     log-sum-exp, the scores in their place. Each thread keeps its largest score, and counts it in a bin by its distance from the first beam's
//     score: logarithmic above 2, so that any distance has a bin.
//  2. The farthest bin that the W best need, from the counts of the whole request: where W group maxima lie, W candidates lie.
//  3. What reaches that bin survives. Each lane knows the best of one beam, so that beams without a survivor are not looked at.
//  4. Each survivor counts the better ones: its place. What it writes is loaded before the count.
// Where a block's scores do not fit in its shared memory, steps 1 to 3 are done in turns of `chunk_beams` beams, with the bound of this block
// until the last; the survivors of the turn before pass the new bound first. Where ties make more survivors than the list holds, a radix
// selection keeps the W best of them.
// The bound decides only what is looked at; scores, order and ties are those of beam_cpu_kernel.h, bit for bit.
#pragma once

#define SIDR_MODE_CHILDREN 0
#define SIDR_MODE_GIVEN 1
#define SIDR_MODE_ROW 2  /* up to 256 columns */
#define SIDR_MODE_WIDE 3 /* any number */
#define SIDR_ALL 0xffffffffu

// ---- rows in registers ----

// Columns `at` to `at` + 7 in their own width; minus infinity from `width` on.
template <int TYPE>
SIDR_DEVICE void sidr_load_pack(const void* row, unsigned at, unsigned width, bool vector_loads, unsigned* w) {
    if (vector_loads && at + 8 <= width) {
        sidr_vec16 a = sidr_load16((const char*)row + (sidr_u64)at * (TYPE == 0 ? 4 : 2));
        w[0] = a.x;
        w[1] = a.y;
        w[2] = a.z;
        w[3] = a.w;
        if (TYPE == 0) {
            sidr_vec16 b = sidr_load16((const float*)row + at + 4);
            w[4] = b.x;
            w[5] = b.y;
            w[6] = b.z;
            w[7] = b.w;
        }
    } else if (TYPE == 0) {
        SIDR_UNROLL
        for (unsigned k = 0; k < 8; k++) w[k] = at + k < width ? ((const unsigned*)row)[at + k] : 0xff800000u;
    } else {
        const unsigned short* h = (const unsigned short*)row + at;
        unsigned none = TYPE == 1 ? 0xfc00u : 0xff80u;
        SIDR_UNROLL
        for (unsigned k = 0; k < 4; k++) w[k] = (at + 2 * k < width ? h[2 * k] : none) | (at + 2 * k + 1 < width ? h[2 * k + 1] : none) << 16;
    }
}

template <int TYPE>
SIDR_DEVICE void sidr_unpack8(const unsigned* w, float* x) {
    SIDR_UNROLL
    for (int k = 0; k < 8; k++) {
        if (TYPE == 0) x[k] = sidr_float(w[k]);
        else if (k % 2 == 0) sidr_unpack2(w[k / 2], TYPE, x[k], x[k + 1]);
    }
}

// Log-sum-exp of a row of at most GROUPS * 256 columns that lies in the lanes' registers; NaN and plus infinity come out as such.
template <int TYPE, int GROUPS>
SIDR_DEVICE float sidr_pack_lse(const unsigned (*w)[TYPE == 0 ? 8 : 4], unsigned width, unsigned lane) {
    SidrLargest seen = {SIDR_MINUS_INFINITY, false};
    if (TYPE == 0) {
        SIDR_UNROLL
        for (int g = 0; g < GROUPS; g++) {
            SIDR_UNROLL
            for (int k = 0; k < 8; k++) seen.take(sidr_float(w[g][k]));
        }
    } else {
        unsigned two[2] = {w[0][0], w[0][1]};
        SIDR_UNROLL
        for (int g = 0; g < GROUPS; g++) {
            SIDR_UNROLL
            for (int k = g == 0 ? 2 : 0; k < 4; k++) two[k & 1] = TYPE == 1 ? sidr_max2_f16(two[k & 1], w[g][k]) : sidr_max2_bf16(two[k & 1], w[g][k]);
        }
        unsigned one = TYPE == 1 ? sidr_max2_f16(two[0], two[1]) : sidr_max2_bf16(two[0], two[1]);
        float low, high;
        sidr_unpack2(one, TYPE, low, high);
        seen.take(low);
        seen.take(high);
    }
    float m = sidr_warp_largest(seen);
    if (!(m > SIDR_MINUS_INFINITY) || sidr_is_bad(m)) return m;
    float scaled = m * SIDR_LOG2E, acc[8];
    SIDR_UNROLL
    for (int g = 0; g < GROUPS; g++) {
        unsigned at = 256 * g + 8 * lane;
        if (g > 0 && at >= width) continue;
        float x[8];
        sidr_unpack8<TYPE>(w[g], x);
        SIDR_UNROLL
        for (unsigned k = 0; k < 8; k++) {
            float term = sidr_term(x[k], scaled);
            if (at + k >= width) term = 0.0f;
            acc[k] = g == 0 ? term : acc[k] + term;
        }
    }
    float part = ((acc[0] + acc[1]) + (acc[2] + acc[3])) + ((acc[4] + acc[5]) + (acc[6] + acc[7]));
    return sidr_finish_lse(m, scaled, sidr_warp_sum(part));
}

// Logits of children c, c + stride and so on, each step of the chain for all four before the next; the last child's again past the end.
template <int TYPE>
SIDR_DEVICE void sidr_child_logits4(const SidrCudaStep& s, const SidrBeam& b, unsigned c, unsigned stride, float* x) {
    unsigned at[4], word[4];
    SIDR_UNROLL
    for (unsigned u = 0; u < 4; u++) {
        at[u] = c + u * stride < b.count ? c + u * stride : b.count - 1;
        word[u] = SIDR_ALL;
    }
    if (b.filter) {
        SIDR_UNROLL
        for (unsigned u = 0; u < 4; u++) word[u] = b.filter[(b.first + at[u]) >> 5] >> ((b.first + at[u]) & 31);
    }
    if (b.count != s.level_tokens) {
        if (s.rank_bytes == 1) {
            const unsigned char* ranks = (const unsigned char*)s.ranks + b.first;
            SIDR_UNROLL
            for (unsigned u = 0; u < 4; u++) at[u] = ranks[at[u]];
        } else {
            const unsigned short* ranks = (const unsigned short*)s.ranks + b.first;
            SIDR_UNROLL
            for (unsigned u = 0; u < 4; u++) at[u] = ranks[at[u]];
        }
    }
    if (s.column_base != SIDR_DEAD) {
        SIDR_UNROLL
        for (unsigned u = 0; u < 4; u++) at[u] += s.column_base;
    } else {
        SIDR_UNROLL
        for (unsigned u = 0; u < 4; u++) at[u] = s.column_of[at[u]];
    }
    SIDR_UNROLL
    for (unsigned u = 0; u < 4; u++) x[u] = sidr_logit<TYPE>(b.row, at[u] - s.first_column);
    SIDR_UNROLL
    for (unsigned u = 0; u < 4; u++)
        if (!(word[u] & 1)) x[u] = SIDR_MINUS_INFINITY;
}

// ---- a block's memory ----

struct SidrFast {
    SidrFastShared* shared;
    sidr_u64* lists;     // [2][limit] survivors, of this turn and the one before
    unsigned* first;     // [local_width] first child of each of the block's beams, or its own node if it has ended
    unsigned* count;     // [local_width] its children, 0 if it has ended
    float* scores;       // [chunk_beams][stride] candidates of this turn, minus infinity for none
};

SIDR_DEVICE SidrFast sidr_fast_parts(const SidrCudaStep& s) {
    SidrFast p;
    unsigned char* at = (unsigned char*)SIDR_SHARED_MEMORY;
    p.shared = (SidrFastShared*)at;
    at += sizeof(SidrFastShared);
    p.scores = (float*)at;
    at += (sidr_u64)s.chunk_beams * s.stride * 4;
    p.lists = (sidr_u64*)at;
    at += (sidr_u64)s.limit * 16;
    p.first = (unsigned*)at;
    p.count = p.first + s.local_width;
    return p;
}

SIDR_DEVICE unsigned sidr_distance(float base, float score) { return sidr_bits(sidr_max(base - score, 0.0f) + 2.0f); }

SIDR_DEVICE void sidr_count_top(const SidrFast& p, float base, float top) {
    if (top == SIDR_MINUS_INFINITY) return;
    unsigned bin = (sidr_distance(base, top) - 0x40000000u) >> 17;
    sidr_atomic_add(p.shared->bins + (bin < SIDR_BINS - 1 ? bin : SIDR_BINS - 1), 1);
}

// Distances below the result have `width` group maxima at least, all of them if there are fewer. By each warp for itself.
SIDR_DEVICE unsigned sidr_fast_bound(const unsigned* bins, unsigned width, unsigned lane) {
    sidr_vec16 v[SIDR_BINS / 128];
    unsigned own[SIDR_BINS / 128], all[SIDR_BINS / 128];
    SIDR_UNROLL
    for (int g = 0; g < SIDR_BINS / 128; g++) v[g] = sidr_load16(bins + 128 * g + 4 * lane);
    SIDR_UNROLL
    for (int g = 0; g < SIDR_BINS / 128; g++) own[g] = (v[g].x + v[g].y) + (v[g].z + v[g].w);
    SIDR_UNROLL
    for (int g = 0; g < SIDR_BINS / 128; g++) all[g] = sidr_warp_add(own[g]);
    unsigned before = 0, group = 0, mine = own[0];
    sidr_vec16 four = v[0];
    SIDR_UNROLL
    for (int g = 0; g < SIDR_BINS / 128; g++)
        if (group == (unsigned)g && before + all[g] < width) {
            before += all[g];
            group++;
            if (g + 1 < SIDR_BINS / 128) {
                mine = own[g + 1];
                four = v[g + 1];
            }
        }
    if (group == SIDR_BINS / 128) return SIDR_ALL;
    unsigned sum = mine;
    for (unsigned step = 1; step < 32; step *= 2) {
        unsigned other = sidr_shuffle(sum, lane - step);
        if (lane >= step) sum += other;
    }
    unsigned fewer = sidr_warp_add(before + sum < width ? 1 : 0), begun = before + sum - mine, bin = 128 * group + 4 * lane;
    if (begun + four.x < width) {
        bin++;
        if (begun + four.x + four.y < width) {
            bin++;
            if (begun + four.x + four.y + four.z < width) bin++;
        }
    }
    bin = sidr_shuffle(bin, fewer);
    return bin == SIDR_BINS - 1 ? SIDR_ALL : 0x40000000u + ((bin + 1) << 17);
}

// ---- survivors ----

// What a warp holds of a turn: lane r of beam r of those it takes.
struct SidrTurn {
    const float* scores;  // of the warp's first beam
    unsigned step;        // from one of its beams to the next, in scores
    unsigned beam, beam_step;
    unsigned best, span;  // least distance of a candidate and candidates, of the lane's beam
    unsigned part, parts;
    float base;
};

// Appends what reaches the bound.
SIDR_DEVICE void sidr_fast_collect(const SidrTurn& t, unsigned bound, unsigned lane, unsigned* counter, sidr_u64* into, unsigned limit) {
    unsigned hits = sidr_ballot(t.best < bound);
    while (hits != 0) {
        unsigned r = sidr_first_bit(hits), span = sidr_shuffle(t.span, r), stride = 32 * t.parts, beam = t.beam + r * t.beam_step;
        const float* scores = t.scores + (sidr_u64)r * t.step;
        hits &= hits - 1;
        for (unsigned c = 32 * t.part + lane; c < span; c += 4 * stride) {
            float x[4];
            unsigned found = 0;
            SIDR_UNROLL
            for (unsigned u = 0; u < 4; u++) {
                x[u] = c + u * stride < span ? scores[c + u * stride] : SIDR_MINUS_INFINITY;
                if (x[u] != SIDR_MINUS_INFINITY && sidr_distance(t.base, x[u]) < bound) found |= 1u << u;
            }
            if (found == 0) continue;
            unsigned at = sidr_atomic_add(counter, (found & 1) + (found >> 1 & 1) + (found >> 2 & 1) + (found >> 3));
            SIDR_UNROLL
            for (unsigned u = 0; u < 4; u++)
                if (found >> u & 1) {
                    if (at < limit) into[at] = sidr_composite(sidr_key(x[u]), beam, c + u * stride);
                    at++;
                }
        }
    }
}

// Calls visit(composite) for each candidate of the warp's that reaches the bound. Only where ties overflow the list.
template <class Visit>
SIDR_DEVICE void sidr_fast_visit(const SidrTurn& t, unsigned bound, unsigned lane, Visit visit) {
    for (unsigned r = 0; r < 32; r++) {
        if (!(sidr_shuffle(t.best, r) < bound)) continue;
        unsigned span = sidr_shuffle(t.span, r);
        const float* scores = t.scores + (sidr_u64)r * t.step;
        for (unsigned c = 32 * t.part + lane; c < span; c += 32 * t.parts) {
            float x = scores[c];
            if (x != SIDR_MINUS_INFINITY && sidr_distance(t.base, x) < bound) visit(sidr_composite(sidr_key(x), t.beam + r * t.beam_step, c));
        }
    }
}

// Leaves exactly the `width` best of the old list's `kept` that reach the bound and of this turn's candidates. All threads of the block.
SIDR_DEVICE void sidr_fast_prune(const SidrFast& p, const SidrTurn& t, unsigned bound, unsigned width, const sidr_u64* old, unsigned kept, unsigned* counter, sidr_u64* into, unsigned limit) {
    unsigned tid = sidr_tid(), threads = sidr_threads(), wanted = width;
    unsigned* counts = p.shared->sums;
    sidr_u64 prefix = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
        sidr_sync();
        for (unsigned i = tid; i < 256; i += threads) counts[i] = 0;
        sidr_sync();
        SidrCount count = {counts, prefix, (unsigned)shift};
        for (unsigned i = tid; i < kept; i += threads) count(old[i]);
        sidr_fast_visit(t, bound, tid & 31, count);
        sidr_sync();
        unsigned digit = 255, above = 0;
        while (digit > 0 && above + counts[digit] < wanted) above += counts[digit--];
        wanted -= above;
        prefix = prefix << 8 | digit;
    }
    if (tid == 0) *counter = 0;
    sidr_sync();
    SidrCollect collect = {counter, into, limit, prefix};
    for (unsigned i = tid; i < kept; i += threads) collect(old[i]);
    sidr_fast_visit(t, bound, tid & 31, collect);
}

// ---- what is written ----

struct SidrWinner {
    unsigned node, token;
    int parent, ancestor0, ancestor1;
    bool goes_on;
};

SIDR_DEVICE SidrWinner sidr_winner(const SidrCudaStep& s, const SidrFast& p, unsigned begin, sidr_u64 composite) {
    unsigned place = 0xffffffffu - (unsigned)composite, child = place & 0xffffu, j = (place >> 16) >> s.cluster_log2, count = p.count[j];
    SidrWinner w = {p.first[j], SIDR_DEAD, (int)(place >> 16), -1, -1, false};
    if (s.next_ancestors) {
        const int* in = s.ancestors + (sidr_u64)(begin + (unsigned)w.parent) * s.ancestor_stride;
        if (s.depth > 0) w.ancestor0 = in[0];
        if (s.depth > 1) w.ancestor1 = in[1];
    }
    if (count != 0) {
        unsigned rank = child;
        w.node += child;
        if (s.next_row && s.next_first_child) w.goes_on = s.next_first_child[w.node] != s.next_first_child[w.node + 1];
        if (count != s.level_tokens) rank = s.rank_bytes == 1 ? ((const unsigned char*)s.ranks)[w.node] : ((const unsigned short*)s.ranks)[w.node];
        w.token = s.token_base != SIDR_DEAD ? s.token_base + rank : s.token_of[rank];
    }
    return w;
}

SIDR_DEVICE void sidr_write(const SidrCudaStep& s, unsigned begin, unsigned slot, float score, long long position, const SidrWinner& w) {
    unsigned index = begin + slot;
    s.next_nodes[index] = w.node;
    s.next_scores[index] = score;
    s.parents[index] = w.parent;
    s.tokens[index] = w.token;
    if (s.next_row) s.next_row[index] = w.goes_on ? (int)index : -1;
    if (s.input_ids) s.input_ids[index] = w.token == SIDR_DEAD ? 0 : (long long)w.token;
    if (s.positions) s.positions[index] = position;
    if (s.next_ancestors) {
        int* out = s.next_ancestors + (sidr_u64)index * s.ancestor_stride;
        if (s.depth > 0) out[0] = w.ancestor0;
        if (s.depth > 1) out[1] = w.ancestor1;
        if (s.depth > 2) {
            const int* in = s.ancestors + (sidr_u64)(begin + (w.parent < 0 ? 0 : (unsigned)w.parent)) * s.ancestor_stride;
            for (unsigned d = 2; d < s.depth; d++) out[d] = w.parent < 0 ? -1 : in[d];
        }
        out[s.depth] = (int)(s.depth * s.beams + index);
    }
}

// ---- the step ----

#define SIDR_STAMP(k)                                                             \
    if (STAMPS && tid == 0 && sidr_block() == 0) s.stamps[k] = sidr_clock()

template <int TYPE, int MODE, int STAMPS>
SIDR_DEVICE void sidr_fast(const SidrCudaStep& s) {
    unsigned tid = sidr_tid(), lane = tid & 31, warp = tid >> 5, threads = sidr_threads();
    unsigned cluster = 1u << s.cluster_log2, rank = cluster == 1 ? 0 : sidr_cluster_rank(), request = sidr_block() >> s.cluster_log2;
    SidrFast p = sidr_fast_parts(s);
    SIDR_STAMP(0);
    sidr_grid_release();
    for (unsigned i = tid; i < SIDR_BINS; i += threads) p.shared->bins[i] = 0;
    if (tid == 0) p.shared->flag = 0;
    sidr_grid_wait();
    unsigned begin = s.request_start ? s.request_start[request] : request * s.max_width;
    unsigned width = s.request_start ? s.request_start[request + 1] - begin : s.max_width;
    unsigned local = width > rank ? (width - rank + cluster - 1) >> s.cluster_log2 : 0;
    const unsigned* filter = 0;
    if (s.filter_bits) {
        int f = s.filter_of[request];
        if (f >= 0) filter = s.filter_bits + (sidr_u64)f * s.filter_stride;
    }
    float base = width != 0 ? s.scores[begin] : 0.0f;
    if (sidr_is_bad(base) || base == SIDR_MINUS_INFINITY) base = 0.0f;
    long long position = s.positions ? s.base_position[request] + s.depth : 0;
    sidr_sync();
    SIDR_STAMP(1);

    unsigned parts = 1u << s.per_beam_log2, unit = warp >> s.per_beam_log2, units = (threads >> 5) >> s.per_beam_log2;
    SidrTurn t;
    t.part = warp & (parts - 1);
    t.parts = parts;
    t.step = units * s.stride;
    t.beam_step = units << s.cluster_log2;
    t.scores = p.scores + (sidr_u64)unit * s.stride;
    t.base = base;
    unsigned flags = 0, bound = SIDR_ALL, own = 0, most = 0;
    sidr_u64* list = p.lists;
    unsigned* counter = p.shared->survivors;
    for (unsigned chunk = 0; chunk < s.chunks; chunk++) {
        // 1. Lane r: what the warp must know of its beam r.
        unsigned from = chunk * s.chunk_beams, to = local < from + s.chunk_beams ? local : from + s.chunk_beams;
        unsigned j = from + unit + lane * units, kind = SIDR_BEAM_EMPTY, flag = 0;
        unsigned first = 0, count = 0;
        int row = 0;
        float score = 0.0f, given = 0.0f;
        counter = p.shared->survivors + (chunk & 1);
        list = p.lists + (chunk & 1) * s.limit;
        if (tid == 0) *counter = 0;
        if (j < to) {
            unsigned index = begin + rank + (j << s.cluster_log2), node = s.nodes[index];
            score = s.scores[index];
            row = s.row ? s.row[index] : (int)index;
            first = node;
            if (node != SIDR_DEAD && score != SIDR_MINUS_INFINITY) {
                if (sidr_is_bad(score)) {
                    flag = 1;
                } else if (row == -1) {
                    kind = SIDR_BEAM_ENDED;
                } else if (row < 0 || (unsigned)row >= s.rows || node >= s.node_count) {
                    flag = 2;
                } else {
                    unsigned a = s.first_child[node], e = s.first_child[node + 1];
                    if (MODE == SIDR_MODE_GIVEN) given = s.log_sum_exp[row];
                    kind = SIDR_BEAM_ENDED;
                    if (a != e) {
                        kind = SIDR_BEAM_LIVE;
                        first = a;
                        count = e - a;
                        if (MODE == SIDR_MODE_GIVEN && !(given > SIDR_MINUS_INFINITY)) {
                            flag = 1;
                            kind = SIDR_BEAM_EMPTY;
                        }
                    }
                }
            }
            if (t.part == 0) {
                p.first[j] = first;
                p.count[j] = count;
            }
        }
        unsigned live = sidr_ballot(kind != SIDR_BEAM_EMPTY);
        t.best = SIDR_ALL;
        t.span = kind == SIDR_BEAM_ENDED ? 1 : count;
        t.beam = rank + ((from + unit) << s.cluster_log2);
        if (chunk == 0) SIDR_STAMP(2);

        float top0 = SIDR_MINUS_INFINITY, top1 = SIDR_MINUS_INFINITY;
        while (live != 0) {
            unsigned r = sidr_first_bit(live);
            live &= live - 1;
            SidrBeam b;
            b.score = sidr_float(sidr_shuffle(sidr_bits(score), r));
            b.first = sidr_shuffle(first, r);
            b.count = sidr_shuffle(count, r);
            b.filter = filter;
            b.row = sidr_row<TYPE>(s, sidr_shuffle((unsigned)row, r));
            float* scores = p.scores + (sidr_u64)(unit + r * units) * s.stride;
            float best = SIDR_MINUS_INFINITY;
            if (b.count == 0) {  // ended
                if (t.part == 0) best = b.score + 0.0f;
                if (t.part == 0 && lane == 0) {
                    scores[0] = best;
                    top0 = sidr_max(top0, best);
                }
            } else {
                // A narrow row whose columns are the children in order needs no gathering.
                bool whole = MODE == SIDR_MODE_ROW && parts == 1 && !filter && b.count == s.level_tokens && s.column_base == s.first_column;
                unsigned stride = 32 * parts, begun = 32 * t.part + lane;
                unsigned w[MODE == SIDR_MODE_WIDE ? 8 : 1][TYPE == 0 ? 8 : 4];
                bool in_registers = MODE == SIDR_MODE_ROW || (MODE == SIDR_MODE_WIDE && s.row_width <= 2048);
                if (MODE == SIDR_MODE_ROW) sidr_load_pack<TYPE>(b.row, 8 * lane, s.row_width, s.vector_loads != 0, w[0]);
                if (MODE == SIDR_MODE_WIDE && in_registers) {
                    SIDR_UNROLL
                    for (unsigned g = 0; g < 8; g++) {
                        unsigned* pack = w[MODE == SIDR_MODE_WIDE ? g : 0];
                        if (256 * g < s.row_width) {
                            sidr_load_pack<TYPE>(b.row, 256 * g + 8 * lane, s.row_width, s.vector_loads != 0, pack);
                        } else {
                            SIDR_UNROLL
                            for (unsigned k = 0; k < (TYPE == 0 ? 8 : 4); k++) pack[k] = TYPE == 0 ? 0xff800000u : TYPE == 1 ? 0xfc00fc00u : 0xff80ff80u;
                        }
                    }
                }
                if (!whole) {
                    for (unsigned c = begun; c < b.count; c += 4 * stride) {
                        float x[4];
                        sidr_child_logits4<TYPE>(s, b, c, stride, x);
                        SIDR_UNROLL
                        for (unsigned u = 0; u < 4; u++)
                            if (c + u * stride < b.count) scores[c + u * stride] = x[u];
                    }
                }
                float lse;
                if (MODE == SIDR_MODE_GIVEN) {
                    lse = sidr_float(sidr_shuffle(sidr_bits(given), r));
                } else if (MODE == SIDR_MODE_CHILDREN) {
                    SidrLargest seen = {SIDR_MINUS_INFINITY, false};
                    SIDR_UNROLL4
                    for (unsigned c = begun; c < b.count; c += 32) seen.take(scores[c]);
                    lse = sidr_warp_largest(seen);
                    if (lse > SIDR_MINUS_INFINITY && !sidr_is_bad(lse)) {
                        float scaled = lse * SIDR_LOG2E, sum = 0.0f;
                        SIDR_UNROLL4
                        for (unsigned c = begun; c < b.count; c += 32) sum = sum + sidr_term(scores[c], scaled);
                        lse = sidr_finish_lse(lse, scaled, sidr_warp_sum(sum));
                    }
                } else if (MODE == SIDR_MODE_ROW || in_registers) {
                    lse = sidr_pack_lse<TYPE, MODE == SIDR_MODE_WIDE ? 8 : 1>(w, s.row_width, lane);
                } else {
                    lse = sidr_row_lse<TYPE>(s, sidr_shuffle((unsigned)row, r), lane);
                }
                if (chunk == 0 && r == 0) SIDR_STAMP(3);
                if (MODE != SIDR_MODE_GIVEN) {
                    if (sidr_is_bad(lse)) flag = 1;
                    if (sidr_is_bad(lse) || lse == SIDR_MINUS_INFINITY) continue;
                }
                if (whole) {
                    float x[8];
                    unsigned c = 8 * lane;
                    sidr_unpack8<TYPE>(w[0], x);
                    SIDR_UNROLL
                    for (unsigned k = 0; k < 8; k++) x[k] = c + k < b.count ? (b.score + (x[k] - lse)) + 0.0f : SIDR_MINUS_INFINITY;
                    if (c < b.count) {
                        sidr_store16(scores + c, x);
                        sidr_store16(scores + c + 4, x + 4);
                    }
                    float left = sidr_max(sidr_max(x[0], x[1]), sidr_max(x[2], x[3])), right = sidr_max(sidr_max(x[4], x[5]), sidr_max(x[6], x[7]));
                    top0 = sidr_max(top0, left);
                    top1 = sidr_max(top1, right);
                    best = sidr_max(left, right);
                } else {
                    float left = SIDR_MINUS_INFINITY, right = SIDR_MINUS_INFINITY;
                    for (unsigned c = begun; c < b.count; c += 4 * stride) {
                        float x[4];
                        SIDR_UNROLL
                        for (unsigned u = 0; u < 4; u++) x[u] = c + u * stride < b.count ? scores[c + u * stride] : SIDR_MINUS_INFINITY;
                        SIDR_UNROLL
                        for (unsigned u = 0; u < 4; u++) {
                            x[u] = (b.score + (x[u] - lse)) + 0.0f;
                            if (MODE == SIDR_MODE_GIVEN && sidr_is_bad(x[u])) flag = 1;
                            if (c + u * stride < b.count) scores[c + u * stride] = x[u];
                        }
                        left = sidr_max(left, sidr_max(x[0], x[2]));
                        right = sidr_max(right, sidr_max(x[1], x[3]));
                    }
                    top0 = sidr_max(top0, left);
                    top1 = sidr_max(top1, right);
                    best = sidr_max(left, right);
                }
                best = sidr_key_value(sidr_warp_max(sidr_key(best)));
            }
            if (lane == r && best != SIDR_MINUS_INFINITY) t.best = sidr_distance(base, best);
            if (s.tops & 2) {
                sidr_count_top(p, base, top0);
                sidr_count_top(p, base, top1);
                top0 = top1 = SIDR_MINUS_INFINITY;
            }
            if (chunk == 0 && r == 0) SIDR_STAMP(4);
        }
        if (flag) sidr_atomic_or(&p.shared->flag, flag);
        if (s.tops & 1) sidr_count_top(p, base, top1);
        else top0 = sidr_max(top0, top1);
        sidr_count_top(p, base, top0);
        if (chunk == 0) SIDR_STAMP(5);

        // 2. The bound: of the request in the last turn, of this block before.
        bool last = chunk + 1 == s.chunks;
        if (cluster > 1 && last) {
            sidr_cluster_arrive();
            sidr_cluster_wait();
            for (unsigned i = tid; i < SIDR_BINS; i += threads) {
                unsigned sum = 0;
                for (unsigned q = 0; q < cluster; q++) sum += *sidr_cluster_map(p.shared->bins + i, q);
                p.shared->sums[i] = sum;
            }
            for (unsigned q = 0; q < cluster; q++) flags |= *sidr_cluster_map(&p.shared->flag, q);
            sidr_sync();
            SIDR_STAMP(6);
            bound = sidr_fast_bound(p.shared->sums, width, lane);
        } else {
            sidr_sync();
            flags |= p.shared->flag;
            SIDR_STAMP(6);
            bound = sidr_fast_bound(p.shared->bins, width, lane);
        }
        SIDR_STAMP(7);

        // 3. Survivors: those of the turns before that reach this bound, then this turn's.
        const sidr_u64* old = p.lists + (~chunk & 1) * s.limit;
        unsigned kept = chunk == 0 ? 0 : p.shared->survivors[~chunk & 1];
        if (flags == 0) {
            for (unsigned i = tid; i < kept; i += threads)
                if (sidr_distance(base, sidr_key_value((unsigned)(old[i] >> 32))) < bound) {
                    unsigned at = sidr_atomic_add(counter, 1);
                    if (at < s.limit) list[at] = old[i];
                }
            sidr_fast_collect(t, bound, lane, counter, list, s.limit);
        }
        SIDR_STAMP(8);
        if (cluster > 1 && last) {
            sidr_cluster_arrive();
            sidr_cluster_wait();
            unsigned n = lane < cluster ? *sidr_cluster_map(counter, lane) : 0;
            most = sidr_warp_max(n);
            own = sidr_shuffle(n, rank);
        } else {
            sidr_sync();
            own = most = *counter;
        }
        if (most > s.limit) {
            if (cluster > 1 && last) {  // the other blocks must have seen the counter before it changes; within the block, the pruning waits itself
                sidr_cluster_arrive();
                sidr_cluster_wait();
            }
            if (own > s.limit) sidr_fast_prune(p, t, bound, width, old, kept, counter, list, s.limit);
            if (cluster > 1 && last) {
                sidr_cluster_arrive();
                sidr_cluster_wait();
            } else {
                sidr_sync();
            }
        }
        SIDR_STAMP(9);
    }

    // 4. Places. Every block sees all survivors and places its own.
    own = *counter;
    unsigned found = own;
    sidr_u64* all = list;
    if (cluster > 1) {
        unsigned n = lane < cluster ? *sidr_cluster_map(counter, lane) : 0, end = n;
        for (unsigned step = 1; step < SIDR_MAX_CLUSTER; step *= 2) {
            unsigned other = sidr_shuffle(end, lane - step);
            if (lane >= step) end += other;
        }
        found = sidr_shuffle(end, cluster - 1);
        if (found <= s.limit) {  // gathered where the turn before last had its list
            all = p.lists + (s.chunks & 1) * s.limit;
            for (unsigned i0 = tid - lane; i0 < found; i0 += threads) {
                unsigned i = i0 + lane, q = 0, begun = 0;
                for (unsigned k = 0; k + 1 < cluster; k++) {
                    unsigned e = sidr_shuffle(end, k);
                    if (i >= e) {
                        q = k + 1;
                        begun = e;
                    }
                }
                if (i < found) all[i] = sidr_cluster_map(list, q)[i - begun];
            }
            sidr_cluster_arrive();  // nothing of another block is read from here on
            sidr_sync();
        }
    }
    SIDR_STAMP(10);
    SidrWinner none = {SIDR_DEAD, SIDR_DEAD, -1, -1, -1, false};
    unsigned split = 0;
    while (split < 5 && own << (split + 1) <= threads) split++;
    for (unsigned i0 = 0; i0 < own; i0 += threads >> split) {
        unsigned i = i0 + (tid >> split), better = 0;
        sidr_u64 composite = i < own ? list[i] : ~(sidr_u64)0;
        SidrWinner winner = none;
        bool writes = i < own && (tid & ((1u << split) - 1)) == 0;
        if (writes) winner = sidr_winner(s, p, begin, composite);
        if (found <= s.limit) {
            SIDR_UNROLL4
            for (unsigned k = tid & ((1u << split) - 1); k < found; k += 1u << split) better += all[k] > composite;
        } else {
            for (unsigned q = 0; q < cluster; q++) {
                const sidr_u64* theirs = sidr_cluster_map(list, q);
                unsigned n = *sidr_cluster_map(counter, q);
                for (unsigned k = tid & ((1u << split) - 1); k < n; k += 1u << split) better += theirs[k] > composite;
            }
        }
        for (unsigned m = 0; m < split; m++) better += sidr_shuffle_xor(better, 1u << m);
        if (writes && better < width) sidr_write(s, begin, better, sidr_key_value((unsigned)(composite >> 32)), position, winner);
    }
    for (unsigned slot = found + rank + (tid << s.cluster_log2); slot < width; slot += threads << s.cluster_log2) sidr_write(s, begin, slot, SIDR_MINUS_INFINITY, position, none);
    if (s.flags && rank == 0 && tid == 0) s.flags[request] = flags;
    SIDR_STAMP(11);
    if (cluster > 1) {
        if (found > s.limit) sidr_cluster_arrive();
        sidr_cluster_wait();
    }
}
