// Runs device code on the host: one fiber a CUDA thread, all blocks of a cluster at once, clusters in turn. Under ThreadSanitizer each fiber is a
// thread of its own and only barriers order memory, so a missing barrier is a reported race; under AddressSanitizer a block's shared memory has
// its own bounds and dies with the block. Reports barriers that threads reach at different lines, and deadlocks.
// Not modelled: weak memory order between warps, fast-math. x86-64 only.
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define EMU_TSAN 1
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define EMU_ASAN 1
#endif
#define EMU_FN __attribute__((noinline, no_sanitize("thread"))) inline

#define __global__
#define __device__
#define __shared__
#define __launch_bounds__(n)
#define SIDR_DEVICE static inline
#define SIDR_METHOD inline
#define SIDR_UNROLL
#define SIDR_UNROLL2
#define SIDR_UNROLL4
typedef unsigned long long sidr_u64;

namespace emu {

constexpr std::size_t kStack = 256 * 1024;

struct Barrier {
    unsigned arrived = 0, generation = 0, sum[2] = {0, 0};
    int line = 0;
    char sync = 0;  // its address is the sanitizer's sync object
};

struct Warp {
    unsigned arrived = 0, generation = 0, value[2][32];
    int line = 0;
};

struct Block {
    Barrier barrier;
    std::vector<Warp> warps;
    unsigned char* shared = nullptr;
    std::size_t shared_bytes = 0;
    unsigned index = 0, running = 0;
};

struct Fiber {
    void* stack_pointer = nullptr;
    char* stack = nullptr;
    unsigned tid = 0, rank = 0, cluster_generation = 0;
    const unsigned* waits_for = nullptr;  // runnable once *waits_for != waits_value
    unsigned waits_value = 0;
    bool is_done = false;
    void* tsan = nullptr;
    void* asan = nullptr;
};

struct State {
    std::vector<Block> blocks;  // of the cluster that runs
    std::vector<Fiber> fibers;
    Barrier cluster;
    unsigned threads = 0;
    Fiber* current = nullptr;
    void* scheduler_pointer = nullptr;
    void* scheduler_tsan = nullptr;
    const void* scheduler_stack = nullptr;
    std::size_t scheduler_stack_bytes = 0;
    void (*entry)(void*) = nullptr;
    void* argument = nullptr;
    std::vector<char*> stacks;
    std::uint64_t order_seed = 1;
    char end_sync = 0;  // what a thread wrote is seen by the host once the thread has ended
};

inline State& S() {
    static State state;
    return state;
}

[[noreturn]] inline void Stop(const char* what, int a, int b) {
    std::fprintf(stderr, "EMULATOR: %s (lines %d and %d)\n", what, a, b);
    std::fflush(stderr);
    std::_Exit(3);
}

extern "C" void sidr_emu_switch(void** save, void* load);
asm(R"(
.text
.globl sidr_emu_switch
.type sidr_emu_switch,@function
sidr_emu_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size sidr_emu_switch,.-sidr_emu_switch
)");

EMU_FN void ToScheduler() {
    State& s = S();
    Fiber* me = s.current;
#ifdef EMU_ASAN
    __sanitizer_start_switch_fiber(me->is_done ? nullptr : &me->asan, s.scheduler_stack, s.scheduler_stack_bytes);
#endif
#ifdef EMU_TSAN
    __tsan_switch_to_fiber(s.scheduler_tsan, __tsan_switch_to_fiber_no_sync);
#endif
    sidr_emu_switch(&me->stack_pointer, s.scheduler_pointer);
#ifdef EMU_ASAN
    __sanitizer_finish_switch_fiber(me->asan, &s.scheduler_stack, &s.scheduler_stack_bytes);
#endif
}

EMU_FN void Wait(const unsigned* generation, unsigned value) {
    Fiber* me = S().current;
    me->waits_for = generation;
    me->waits_value = value;
    while (*generation == value) ToScheduler();
    me->waits_for = nullptr;
}

EMU_FN void Main() {
    State& s = S();
#ifdef EMU_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &s.scheduler_stack, &s.scheduler_stack_bytes);
#endif
    s.entry(s.argument);
#ifdef EMU_TSAN
    __tsan_release(&s.end_sync);
#endif
    s.current->is_done = true;
    ToScheduler();
    std::abort();
}

EMU_FN void Start(Fiber& f) {
    // The frame that sidr_emu_switch pops: six registers, then Main as the return address, with the stack misaligned as after a call.
    void** top = reinterpret_cast<void**>(f.stack + kStack - 64);
    *--top = nullptr;
    *--top = reinterpret_cast<void*>(&Main);
    for (int i = 0; i < 6; i++) *--top = nullptr;
    f.stack_pointer = top;
}

EMU_FN void Switch(Fiber& f) {
    State& s = S();
    s.current = &f;
#ifdef EMU_ASAN
    void* fake = nullptr;
    __sanitizer_start_switch_fiber(&fake, f.stack, kStack);
#endif
#ifdef EMU_TSAN
    __tsan_switch_to_fiber(f.tsan, __tsan_switch_to_fiber_no_sync);
#endif
    sidr_emu_switch(&s.scheduler_pointer, f.stack_pointer);
#ifdef EMU_ASAN
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

EMU_FN void RunCluster(unsigned first_block, unsigned blocks, unsigned threads, std::size_t shared) {
    State& s = S();
    s.blocks.assign(blocks, Block());
    s.fibers.assign(std::size_t{blocks} * threads, Fiber());
    s.cluster = Barrier();
    s.threads = threads;
    for (unsigned b = 0; b < blocks; b++) {
        Block& block = s.blocks[b];
        block.warps.resize(threads / 32);
        block.shared = static_cast<unsigned char*>(std::malloc(shared ? shared : 1));
        std::memset(block.shared, 0xCD, shared);
        block.shared_bytes = shared;
        block.index = first_block + b;
        block.running = threads;
    }
    while (s.stacks.size() < s.fibers.size()) {
        void* p = mmap(nullptr, kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p == MAP_FAILED) Stop("no memory for stacks", 0, 0);
        s.stacks.push_back(static_cast<char*>(p));
    }
#ifdef EMU_TSAN
    s.scheduler_tsan = __tsan_get_current_fiber();
#endif
    for (std::size_t i = 0; i < s.fibers.size(); i++) {
        Fiber& f = s.fibers[i];
        f.stack = s.stacks[i];
        f.tid = static_cast<unsigned>(i % threads);
        f.rank = static_cast<unsigned>(i / threads);
#ifdef EMU_TSAN
        f.tsan = __tsan_create_fiber(0);
#endif
        Start(f);
    }
    std::size_t left = s.fibers.size(), n = s.fibers.size();
    while (left > 0) {
        // Another order of threads each round, so that no test hangs on one.
        s.order_seed = s.order_seed * 6364136223846793005u + 1442695040888963407u;
        std::size_t offset = (s.order_seed >> 33) % n, step = (s.order_seed >> 20 & 1) ? 1 : n - 1;
        bool moved = false;
        for (std::size_t k = 0, i = offset; k < n; k++, i = (i + step) % n) {
            Fiber& f = s.fibers[i];
            if (f.is_done || (f.waits_for && *f.waits_for == f.waits_value)) continue;
            Switch(f);
            moved = true;
            if (f.is_done) {
                left--;
#ifdef EMU_TSAN
                __tsan_acquire(&s.end_sync);
                __tsan_destroy_fiber(f.tsan);
#endif
                Block& block = s.blocks[f.rank];
                if (--block.running == 0) {
                    std::free(block.shared);
                    block.shared = nullptr;
                }
            }
        }
        if (!moved) Stop("deadlock: no thread can go on", 0, 0);
    }
    for (Block& block : s.blocks) std::free(block.shared);
}

inline void Launch(void (*entry)(void*), void* argument, unsigned grid, unsigned threads, std::size_t shared, unsigned cluster) {
    S().entry = entry;
    S().argument = argument;
    for (unsigned b = 0; b < grid; b += cluster) RunCluster(b, cluster, threads, shared);
}

EMU_FN unsigned Arrive(Barrier& b, unsigned expected, unsigned predicate, int line, bool waits, unsigned* generation) {
    if (b.arrived == 0) b.line = line;
    else if (b.line != line) Stop("a barrier reached at different lines", b.line, line);
#ifdef EMU_TSAN
    __tsan_release(&b.sync);
#endif
    unsigned mine = b.generation;
    b.sum[mine & 1] += predicate;
    *generation = mine;
    if (++b.arrived == expected) {
        b.arrived = 0;
        b.sum[(mine + 1) & 1] = 0;
        b.generation++;
    } else if (waits) {
        Wait(&b.generation, mine);
    }
    if (waits) {
#ifdef EMU_TSAN
        __tsan_acquire(&b.sync);
#endif
    }
    return b.sum[mine & 1];
}

// All lanes of a warp hand in a value; returns those of all.
EMU_FN const unsigned* Exchange(unsigned value, int line) {
    State& s = S();
    Fiber* me = s.current;
    Warp& w = s.blocks[me->rank].warps[me->tid / 32];
    if (w.arrived == 0) w.line = line;
    else if (w.line != line) Stop("lanes of a warp at different lines", w.line, line);
    unsigned mine = w.generation;
    w.value[mine & 1][me->tid % 32] = value;
    if (++w.arrived == 32) {
        w.arrived = 0;
        w.generation++;
    } else {
        Wait(&w.generation, mine);
    }
    return w.value[mine & 1];
}

EMU_FN unsigned Pick(unsigned value, unsigned lane, int line) { return Exchange(value, line)[lane & 31]; }
EMU_FN unsigned Fold(unsigned value, int kind, int line) {
    const unsigned* v = Exchange(value, line);
    unsigned out = v[0];
    if (kind == 2) {
        out = 0;
        for (int i = 0; i < 32; i++) out |= (v[i] ? 1u : 0u) << i;
        return out;
    }
    if (kind == 3) {
        for (int i = 1; i < 32; i++) out += v[i];
        return out;
    }
    for (int i = 1; i < 32; i++) out = kind == 0 ? (v[i] > out ? v[i] : out) : (v[i] < out ? v[i] : out);
    return out;
}
EMU_FN unsigned char* SharedOf(unsigned rank) {
    unsigned char* p = S().blocks[rank].shared;
    if (!p) Stop("shared memory of a block that has ended", 0, 0);
    return p;
}
EMU_FN unsigned Tid() { return S().current->tid; }
EMU_FN unsigned Rank() { return S().current->rank; }

}  // namespace emu

#define SIDR_SHARED_MEMORY emu::SharedOf(emu::Rank())
SIDR_DEVICE unsigned sidr_tid() { return emu::Tid(); }
SIDR_DEVICE unsigned sidr_block() { return emu::S().blocks[emu::Rank()].index; }
SIDR_DEVICE unsigned sidr_threads() { return emu::S().threads; }
EMU_FN unsigned sidr_sync_count(bool predicate, int line = __builtin_LINE()) {
    unsigned generation;
    return emu::Arrive(emu::S().blocks[emu::Rank()].barrier, emu::S().threads, predicate, line, true, &generation);
}
EMU_FN void sidr_sync(int line = __builtin_LINE()) { sidr_sync_count(false, line); }
SIDR_DEVICE unsigned sidr_shuffle_xor(unsigned value, unsigned mask, int line = __builtin_LINE()) { return emu::Pick(value, (emu::Tid() & 31) ^ mask, line); }
SIDR_DEVICE unsigned sidr_shuffle(unsigned value, unsigned lane, int line = __builtin_LINE()) { return emu::Pick(value, lane, line); }
SIDR_DEVICE unsigned sidr_warp_max(unsigned value, int line = __builtin_LINE()) { return emu::Fold(value, 0, line); }
SIDR_DEVICE unsigned sidr_warp_min(unsigned value, int line = __builtin_LINE()) { return emu::Fold(value, 1, line); }
SIDR_DEVICE unsigned sidr_warp_add(unsigned value, int line = __builtin_LINE()) { return emu::Fold(value, 3, line); }
SIDR_DEVICE unsigned sidr_first_bit(unsigned bits) { return static_cast<unsigned>(__builtin_ctz(bits)); }
SIDR_DEVICE sidr_u64 sidr_clock() {
    static sidr_u64 ticks = 0;
    return __atomic_add_fetch(&ticks, 100, __ATOMIC_RELAXED);
}
SIDR_DEVICE unsigned sidr_ballot(bool value, int line = __builtin_LINE()) { return emu::Fold(value, 2, line); }
SIDR_DEVICE unsigned sidr_atomic_add(unsigned* p, unsigned value) { return __atomic_fetch_add(p, value, __ATOMIC_RELAXED); }
SIDR_DEVICE void sidr_atomic_or(unsigned* p, unsigned value) { __atomic_fetch_or(p, value, __ATOMIC_RELAXED); }
SIDR_DEVICE float sidr_float(unsigned bits) {
    float x;
    std::memcpy(&x, &bits, 4);
    return x;
}
SIDR_DEVICE unsigned sidr_bits(float x) {
    unsigned bits;
    std::memcpy(&bits, &x, 4);
    return bits;
}
SIDR_DEVICE float sidr_fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
SIDR_DEVICE float sidr_max(float a, float b) { return a != a ? b : b != b ? a : a > b ? a : b; }
SIDR_DEVICE float sidr_from_f16(unsigned short h) {
    unsigned sign = (h & 0x8000u) << 16, exponent = (h >> 10) & 31u, mantissa = h & 1023u;
    if (exponent == 31) return sidr_float(sign | 0x7f800000u | mantissa << 13);
    if (exponent != 0) return sidr_float(sign | (exponent + 112) << 23 | mantissa << 13);
    float small = static_cast<float>(mantissa) * 5.9604644775390625e-8f;
    return sign ? -small : small;
}
// Pairs of 16-bit floats: the larger of each, NaN if either is.
SIDR_DEVICE unsigned sidr_max2_bf16(unsigned a, unsigned b) {
    unsigned out = 0;
    for (int i = 0; i < 32; i += 16) {
        unsigned x = a >> i & 0xffffu, y = b >> i & 0xffffu;
        float fx = sidr_float(x << 16), fy = sidr_float(y << 16);
        out |= (fx != fx || fy != fy ? 0x7fffu : fx > fy ? x : y) << i;
    }
    return out;
}
SIDR_DEVICE unsigned sidr_max2_f16(unsigned a, unsigned b) {
    unsigned out = 0;
    for (int i = 0; i < 32; i += 16) {
        unsigned x = a >> i & 0xffffu, y = b >> i & 0xffffu;
        float fx = sidr_from_f16(static_cast<unsigned short>(x)), fy = sidr_from_f16(static_cast<unsigned short>(y));
        out |= (fx != fx || fy != fy ? 0x7fffu : fx > fy ? x : y) << i;
    }
    return out;
}
struct sidr_vec16 {
    unsigned x, y, z, w;
};
SIDR_DEVICE sidr_vec16 sidr_load16(const void* p) {
    if (reinterpret_cast<std::uintptr_t>(p) % 16 != 0) emu::Stop("a 16-byte load that is not aligned", 0, 0);
    sidr_vec16 v;
    std::memcpy(&v, p, 16);
    return v;
}
SIDR_DEVICE void sidr_store16(float* p, const float* x) {
    if (reinterpret_cast<std::uintptr_t>(p) % 16 != 0) emu::Stop("a 16-byte store that is not aligned", 0, 0);
    std::memcpy(p, x, 16);
}
SIDR_DEVICE void sidr_grid_wait() {}
SIDR_DEVICE void sidr_grid_release() {}
SIDR_DEVICE unsigned sidr_cluster_rank() { return emu::Rank(); }
EMU_FN void sidr_cluster_arrive(int line = __builtin_LINE()) {
    emu::State& s = emu::S();
    emu::Arrive(s.cluster, static_cast<unsigned>(s.fibers.size()), 0, line, false, &s.current->cluster_generation);
}
EMU_FN void sidr_cluster_wait() {
    emu::State& s = emu::S();
    if (s.cluster.generation == s.current->cluster_generation) emu::Wait(&s.cluster.generation, s.current->cluster_generation);
#ifdef EMU_TSAN
    __tsan_acquire(&s.cluster.sync);
#endif
}
template <class T>
SIDR_DEVICE T* sidr_cluster_map(T* local, unsigned rank) {
    std::size_t offset = static_cast<std::size_t>(reinterpret_cast<const unsigned char*>(local) - emu::SharedOf(emu::Rank()));
    return reinterpret_cast<T*>(emu::SharedOf(rank) + offset);
}
