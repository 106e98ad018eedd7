// The CPU step over a vector type V; included once for each instruction set, with V and ADVANCE defined there.
// Order of work for a request: gather the children's logits of a beam, subtract the log-sum-exp, append the scores to a block; when the block
// is full or the beams are done, take a lower bound of the W-th best score from the maxima of groups, and keep what reaches it.

#include <algorithm>
#include <cfloat>
#include <cstring>

#include "beam_cpu.h"
#include "beam_math.h"

namespace sidr {
namespace {

constexpr float kMinusInfinity = -__builtin_inff();

template <class V>
class Step {
public:
    Step(const CpuStep& step, std::uint32_t request, std::uint32_t begin, std::uint32_t width)
        : s_(step), a_(*step.args), request_(request), begin_(begin), width_(width) {
        if (a_.filter_bits && a_.filter_of[request] >= 0)
            filter_ = a_.filter_bits + static_cast<std::uint64_t>(a_.filter_of[request]) * a_.filter_stride + s_.filter_offset;
        // Twice to four times as many groups as beams, in whole turns of eight vectors.
        group_count_ = 8 * V::N;
        while (group_count_ < 2 * width_ && group_count_ < kMaxGroups) group_count_ *= 2;
        ClearGroups();
    }

    std::uint32_t Run() {
        std::memcpy(s_.old_nodes, a_.nodes + begin_, width_ * sizeof(std::uint32_t));
        for (std::uint32_t beam = 0; beam < width_ && flags_ == 0; beam++) Expand(beam);
        if (flags_ == 0) Flush();
        if (flags_ != 0) survivor_count_ = 0;
        Emit();
        return flags_;
    }

private:
    using F = typename V::F;
    static constexpr std::uint32_t N = V::N;
    static constexpr std::uint32_t kAlign = 16;  // scores of a beam begin at a multiple of it in the block, on every instruction set

    void ClearGroups() {
        for (std::uint32_t i = 0; i < group_count_; i++) s_.groups[i] = kMinusInfinity;
    }

    void Expand(std::uint32_t beam) {
        std::uint32_t index = begin_ + beam, node = s_.old_nodes[beam];
        float score = a_.scores[index];
        std::int32_t row = a_.row ? a_.row[index] : static_cast<std::int32_t>(index);
        if (node == SIDR_NODE_DEAD || score == kMinusInfinity) return;
        if (!(score <= FLT_MAX)) {
            flags_ |= SIDR_FLAG_INVALID_LOGITS;
            return;
        }
        if (row == -1) return AppendEnded(beam, score);
        if (row < 0 || static_cast<std::uint32_t>(row) >= a_.rows || node >= s_.node_count) {
            flags_ |= SIDR_FLAG_INVALID_BEAM;
            return;
        }
        std::uint32_t first = s_.first_child[node], count = s_.first_child[node + 1] - first;
        if (count == 0) return AppendEnded(beam, score);

        std::uint32_t padded = (count + kAlign - 1) / kAlign * kAlign;
        if (block_used_ + padded > s_.block_capacity) Flush();
        const float* x = Logits(static_cast<std::uint32_t>(row), first, count);
        float lse = 0;
        switch (a_.score_mode) {
            case SIDR_SCORE_GIVEN:
                lse = a_.log_sum_exp[row];
                if (!(lse > kMinusInfinity)) flags_ |= SIDR_FLAG_INVALID_LOGITS;
                break;
            case SIDR_SCORE_ROW: lse = RowLse(static_cast<std::uint32_t>(row)); break;
            default: lse = ChildrenLse(x, count); break;
        }
        if (flags_ != 0 || (a_.score_mode != SIDR_SCORE_GIVEN && lse == kMinusInfinity)) return;
        Append(beam, x, count, padded, score, lse);
    }

    void AppendEnded(std::uint32_t beam, float score) {
        if (block_used_ + kAlign > s_.block_capacity) Flush();
        float* out = s_.block + block_used_;
        out[0] = score + 0.0f;
        for (std::uint32_t i = 1; i < kAlign; i++) out[i] = kMinusInfinity;
        float* group = s_.groups + (block_used_ & (group_count_ - 1));
        group[0] = std::max(group[0], out[0]);
        s_.segments[segment_count_++] = {beam, block_used_, 1};
        block_used_ += kAlign;
        candidates_++;
    }

    // The children's logits, padded to a multiple of 32 with minus infinity; in the caller's row where that is possible.
    const float* Logits(std::uint32_t row, std::uint32_t first, std::uint32_t count) {
        std::uint32_t first_rank, last_rank;
        if (s_.rank_bytes == 1) {
            const std::uint8_t* r = static_cast<const std::uint8_t*>(s_.ranks) + first;
            first_rank = r[0];
            last_rank = r[count - 1];
        } else {
            const std::uint16_t* r = static_cast<const std::uint16_t*>(s_.ranks) + first;
            first_rank = r[0];
            last_rank = r[count - 1];
        }
        std::uint64_t at = static_cast<std::uint64_t>(row) * a_.row_stride;
        float* x = s_.logits;
        bool is_run = s_.column_base != ~0u && last_rank - first_rank == count - 1;
        if (a_.logits_type == SIDR_F32) {
            const float* logits = static_cast<const float*>(a_.sid_logits) + at;
            if (is_run) {
                const float* run = logits + (s_.column_base - a_.first_column + first_rank);
                if (!filter_ && count % 32 == 0) return run;
                std::memcpy(x, run, count * sizeof(float));
            } else {
                const float* base = logits - a_.first_column;
                if (s_.rank_bytes == 1) V::Gather(x, base, static_cast<const std::uint8_t*>(s_.ranks) + first, count, s_.column_of, s_.column_base);
                else V::Gather(x, base, static_cast<const std::uint16_t*>(s_.ranks) + first, count, s_.column_of, s_.column_base);
            }
        } else {
            const std::uint16_t* logits = static_cast<const std::uint16_t*>(a_.sid_logits) + at;
            if (is_run) {
                Widen(x, logits + (s_.column_base - a_.first_column + first_rank), count);
            } else {
                for (std::uint32_t c = 0; c < count; c++) {
                    std::uint32_t rank = s_.rank_bytes == 1 ? static_cast<const std::uint8_t*>(s_.ranks)[first + c]
                                                            : static_cast<const std::uint16_t*>(s_.ranks)[first + c];
                    half_[c % 64] = logits[s_.column_of[rank] - a_.first_column];
                    if (c % 64 == 63 || c + 1 == count) Widen(x + c / 64 * 64, half_, c % 64 + 1);
                }
            }
        }
        for (std::uint32_t c = count; c % 32 != 0; c++) x[c] = kMinusInfinity;
        if (filter_)
            for (std::uint32_t c = 0; c < count;) {
                std::uint64_t node = std::uint64_t{first} + c;
                std::uint32_t run = std::min<std::uint32_t>(count - c, 64 - static_cast<std::uint32_t>(node & 63));
                std::uint64_t bits = filter_[node >> 6] >> (node & 63);
                for (std::uint32_t i = 0; i < run; i++)
                    if (!((bits >> i) & 1)) x[c + i] = kMinusInfinity;
                c += run;
            }
        return x;
    }

    void Widen(float* to, const std::uint16_t* from, std::uint32_t count) const {
        if (a_.logits_type == SIDR_BF16) V::FromBf16(to, from, count);
        else V::FromF16(to, from, count);
    }

    // Largest of n values (n a multiple of 32); flags NaN and plus infinity.
    float Largest(const float* x, std::uint32_t n) {
        F m0 = V::Set(kMinusInfinity), m1 = m0, limit = V::Set(FLT_MAX);
        bool bad = false;
        std::uint32_t i = 0;
        for (; i + 2 * N <= n; i += 2 * N) {
            F x0 = V::Load(x + i), x1 = V::Load(x + i + N);
            bad |= V::NotLessEqual(x0, limit) | V::NotLessEqual(x1, limit);
            m0 = V::Max(m0, x0);
            m1 = V::Max(m1, x1);
        }
        for (; i < n; i += N) {
            F x0 = V::Load(x + i);
            bad |= V::NotLessEqual(x0, limit);
            m0 = V::Max(m0, x0);
        }
        if (bad) flags_ |= SIDR_FLAG_INVALID_LOGITS;
        return V::Largest(V::Max(m0, m1));
    }

    static F Exp(F x, F scaled_m) {
        F t = V::Max(V::Fma(x, V::Set(SIDR_LOG2E), V::Negate(scaled_m)), V::Set(SIDR_EXP_FLOOR));
        F magic = V::Set(SIDR_EXP_MAGIC);
        F z = V::Add(t, magic);
        F f = V::Sub(t, V::Sub(z, magic));
        F p = V::Fma(V::Set(SIDR_EXP_C5), f, V::Set(SIDR_EXP_C4));
        p = V::Fma(p, f, V::Set(SIDR_EXP_C3));
        p = V::Fma(p, f, V::Set(SIDR_EXP_C2));
        p = V::Fma(p, f, V::Set(SIDR_EXP_C1));
        p = V::Fma(p, f, V::Set(1.0f));
        return V::AddExponent(p, z);
    }

    float ChildrenLse(const float* x, std::uint32_t count) {
        std::uint32_t padded = (count + 31) / 32 * 32;
        float m = Largest(x, padded);
        if (flags_ != 0 || m == kMinusInfinity) return kMinusInfinity;
        float scaled = m * SIDR_LOG2E;
        F sm = V::Set(scaled);
        F sums[32 / N];
        for (std::uint32_t j = 0; j < 32 / N; j++) sums[j] = V::Set(0.0f);
        std::uint32_t whole = count / 32 * 32;
        for (std::uint32_t i = 0; i < whole; i += 32)
            for (std::uint32_t j = 0; j < 32 / N; j++) sums[j] = V::Add(sums[j], Exp(V::Load(x + i + j * N), sm));
        if (whole < count)
            for (std::uint32_t j = 0; j < 32 / N && whole + j * N < count; j++)
                sums[j] = V::Add(sums[j], V::KeepFirst(Exp(V::Load(x + whole + j * N), sm), count - whole - j * N));
        float quarter[4];
        V::Sum8x4(sums, quarter);
        return sidr_finish_lse(m, scaled, (quarter[0] + quarter[1]) + (quarter[2] + quarter[3]));
    }

    // Sum of one tile relative to its own largest value.
    float TileSum(const float* x, std::uint32_t count, float scaled) {
        F sm = V::Set(scaled);
        float sums[32];
        std::uint32_t whole = count / 256 * 256;
        for (std::uint32_t g = 0; g < 8; g++) {
            F part[32 / N];
            for (std::uint32_t j = 0; j < 32 / N; j++) part[j] = V::Set(0.0f);
            for (std::uint32_t i = g * 32; i < whole; i += 256)
                for (std::uint32_t j = 0; j < 32 / N; j++) part[j] = V::Add(part[j], Exp(V::Load(x + i + j * N), sm));
            std::uint32_t tail = whole + g * 32;
            for (std::uint32_t j = 0; j < 32 / N; j++)
                if (tail + j * N < count) part[j] = V::Add(part[j], V::KeepFirst(Exp(V::Load(x + tail + j * N), sm), count - tail - j * N));
            V::Sum8x4(part, sums + g * 4);
        }
        float quarter[4];
        F all[32 / N];
        for (std::uint32_t j = 0; j < 32 / N; j++) all[j] = V::Load(sums + j * N);
        V::Sum8x4(all, quarter);
        return (quarter[0] + quarter[1]) + (quarter[2] + quarter[3]);
    }

    const float* Tile(std::uint64_t at, std::uint32_t begin, std::uint32_t count) {
        if (a_.logits_type == SIDR_F32) {
            const float* x = static_cast<const float*>(a_.sid_logits) + at + begin;
            if (count % 32 == 0) return x;
            std::memcpy(s_.tile, x, count * sizeof(float));
        } else {
            Widen(s_.tile, static_cast<const std::uint16_t*>(a_.sid_logits) + at + begin, count);
        }
        for (std::uint32_t c = count; c % 32 != 0; c++) s_.tile[c] = kMinusInfinity;
        return s_.tile;
    }

    float RowLse(std::uint32_t row) {
        std::uint64_t at = static_cast<std::uint64_t>(row) * a_.row_stride;
        std::uint32_t width = a_.row_width;
        float m = kMinusInfinity;
        if (width <= SIDR_ROW_TILE) {
            const float* x = Tile(at, 0, width);
            m = Largest(x, (width + 31) / 32 * 32);
            if (flags_ != 0 || m == kMinusInfinity) return kMinusInfinity;
            float scaled = m * SIDR_LOG2E;
            return sidr_finish_lse(m, scaled, TileSum(x, width, scaled));
        }
        // The tiles are joined at the end, relative to the largest of all: two passes over their results, kept in the score block's tail.
        std::uint32_t tiles = (width + SIDR_ROW_TILE - 1) / SIDR_ROW_TILE;
        float* largest = s_.block + s_.block_capacity;
        float* sums = largest + tiles;
        for (std::uint32_t tile = 0; tile < tiles; tile++) {
            std::uint32_t begin = tile * SIDR_ROW_TILE, count = std::min(SIDR_ROW_TILE, width - begin);
            const float* x = Tile(at, begin, count);
            largest[tile] = Largest(x, (count + 31) / 32 * 32);
            if (flags_ != 0) return kMinusInfinity;
            sums[tile] = largest[tile] == kMinusInfinity ? 0.0f : TileSum(x, count, largest[tile] * SIDR_LOG2E);
            m = std::max(m, largest[tile]);
        }
        if (m == kMinusInfinity) return m;
        float scaled = m * SIDR_LOG2E, sum = 0.0f;
        for (std::uint32_t tile = 0; tile < tiles; tile++)
            if (largest[tile] != kMinusInfinity)
                sum = SIDR_FMA(sums[tile], sidr_exp2(std::max(largest[tile] * SIDR_LOG2E - scaled, SIDR_EXP_FLOOR)), sum);
        return sidr_finish_lse(m, scaled, sum);
    }

    void Append(std::uint32_t beam, const float* x, std::uint32_t count, std::uint32_t padded, float score, float lse) {
        float* out = s_.block + block_used_;
        F vscore = V::Set(score), vlse = V::Set(lse), zero = V::Set(0.0f), limit = V::Set(FLT_MAX);
        bool bad = false;
        std::uint32_t mask = group_count_ - 1;
        auto put = [&](std::uint32_t i, F s) {
            bad |= V::NotLessEqual(s, limit);
            V::Store(out + i, s);
            float* group = s_.groups + ((block_used_ + i) & mask);
            V::Store(group, V::Max(V::Load(group), s));
        };
        std::uint32_t whole = count / N * N, i = 0;
        for (; i < whole; i += N) put(i, V::Add(V::Add(vscore, V::Sub(V::Load(x + i), vlse)), zero));
        if (i < count) {
            float last[N];
            for (std::uint32_t j = 0; j < N; j++) last[j] = i + j < count ? x[i + j] : kMinusInfinity;
            F s = V::Add(V::Add(vscore, V::Sub(V::Load(last), vlse)), zero);
            put(i, s);
            i += N;
        }
        for (; i < padded; i++) out[i] = kMinusInfinity;
        if (bad) flags_ |= SIDR_FLAG_INVALID_LOGITS;
        s_.segments[segment_count_++] = {beam, block_used_, count};
        block_used_ += padded;
        candidates_ += count;
    }

    static std::uint64_t Composite(float score, std::uint32_t beam, std::uint32_t child) {
        return std::uint64_t{sidr_key(score)} << 32 | (0xFFFFFFFFu - (beam << 16 | child));
    }

    // Keeps the candidates of the block that may be among the W best.
    void Flush() {
        if (segment_count_ == 0) return;
        float bound = -FLT_MAX;
        if (candidates_ > 2 * width_) {
            float* copy = s_.groups + kMaxGroups;
            std::memcpy(copy, s_.groups, group_count_ * sizeof(float));
            bound = std::max(bound, V::KthLargest(copy, group_count_, width_));
        }
        if (survivor_count_ >= width_) {
            Prune();
            bound = std::max(bound, sidr_key_value(static_cast<unsigned>(least_ >> 32)));
        }
        F vbound = V::Set(bound);
        for (std::uint32_t g = 0; g < segment_count_; g++) {
            const auto& segment = s_.segments[g];
            const float* x = s_.block + segment.begin;
            std::uint32_t padded = (segment.count + kAlign - 1) / kAlign * kAlign;
            for (std::uint32_t i = 0; i < padded; i += kAlign) {
                std::uint32_t hits = V::GreaterEqual16(x + i, vbound);
                for (; hits != 0; hits &= hits - 1) {
                    std::uint32_t c = i + static_cast<std::uint32_t>(__builtin_ctz(hits));
                    Keep(Composite(x[c], segment.beam, c));
                }
            }
        }
        block_used_ = segment_count_ = candidates_ = 0;
        ClearGroups();
    }

    void Keep(std::uint64_t composite) {
        if (composite <= least_) return;
        s_.survivors[survivor_count_++] = composite;
        if (survivor_count_ == s_.survivor_capacity) Prune();
    }

    void Prune() {
        if (survivor_count_ < width_) return;
        std::nth_element(s_.survivors, s_.survivors + (width_ - 1), s_.survivors + survivor_count_, std::greater<std::uint64_t>());
        survivor_count_ = width_;
        least_ = s_.survivors[width_ - 1];
    }

    void Emit() {
        Prune();
        std::sort(s_.survivors, s_.survivors + survivor_count_, std::greater<std::uint64_t>());
        for (std::uint32_t i = 0; i < width_; i++) {
            std::uint32_t index = begin_ + i;
            std::int32_t parent = -1, next_row = -1;
            std::uint32_t node = SIDR_NODE_DEAD, token = SIDR_TOKEN_NONE;
            float score = kMinusInfinity;
            if (i < survivor_count_) {
                std::uint64_t composite = s_.survivors[i];
                std::uint32_t place = 0xFFFFFFFFu - static_cast<std::uint32_t>(composite), child = place & 0xFFFFu;
                parent = static_cast<std::int32_t>(place >> 16);
                score = sidr_key_value(static_cast<unsigned>(composite >> 32));
                node = s_.old_nodes[parent];
                std::int32_t row = a_.row ? a_.row[begin_ + static_cast<std::uint32_t>(parent)] : 0;
                if (row != -1 && s_.first_child[node] != s_.first_child[node + 1]) {
                    node = s_.first_child[node] + child;
                    std::uint32_t rank = s_.rank_bytes == 1 ? static_cast<const std::uint8_t*>(s_.ranks)[node] : static_cast<const std::uint16_t*>(s_.ranks)[node];
                    token = s_.token_of[rank];
                    if (s_.next_first_child && s_.next_first_child[node] != s_.next_first_child[node + 1]) next_row = static_cast<std::int32_t>(index);
                }
            }
            (a_.next_nodes ? a_.next_nodes : a_.nodes)[index] = node;
            (a_.next_scores ? a_.next_scores : a_.scores)[index] = score;
            a_.parents[index] = parent;
            a_.tokens[index] = token;
            if (a_.next_row) a_.next_row[index] = next_row;
            if (a_.input_ids) a_.input_ids[index] = token == SIDR_TOKEN_NONE ? 0 : token;
            if (a_.positions) a_.positions[index] = a_.base_position[request_] + a_.depth;
            if (a_.next_ancestors) {
                std::int32_t* out = a_.next_ancestors + static_cast<std::uint64_t>(index) * a_.ancestor_stride;
                const std::int32_t* in = a_.ancestors + static_cast<std::uint64_t>(begin_ + static_cast<std::uint32_t>(std::max(parent, 0))) * a_.ancestor_stride;
                for (std::uint32_t d = 0; d < a_.depth; d++) out[d] = parent >= 0 ? in[d] : -1;
                out[a_.depth] = static_cast<std::int32_t>(a_.depth * a_.beams + index);
            }
        }
    }

    const CpuStep& s_;
    const sidr_beam_advance_args& a_;
    std::uint32_t request_, begin_, width_;
    const std::uint64_t* filter_ = nullptr;
    std::uint32_t flags_ = 0, group_count_ = 0, block_used_ = 0, segment_count_ = 0, candidates_ = 0, survivor_count_ = 0;
    std::uint64_t least_ = 0;  // composite of the W-th best so far, once there are W and they were pruned
    std::uint16_t half_[64];
};

}  // namespace
}  // namespace sidr
