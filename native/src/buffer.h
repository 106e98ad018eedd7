// A large array that is not cleared, in huge pages where the system gives them: fewer page faults, and fewer misses of address translation.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace sidr {

// Not cleared, aligned to 64 bytes at least; freed with std::free. Throws std::bad_alloc.
inline void* AllocateLarge(std::uint64_t bytes) {
    constexpr std::uint64_t huge = std::uint64_t{1} << 21;
    std::uint64_t alignment = bytes >= huge ? huge : 64;
    bytes = (std::max<std::uint64_t>(1, bytes) + 63) / 64 * 64;
    void* memory = nullptr;
    if (posix_memalign(&memory, alignment, bytes) != 0) throw std::bad_alloc();
    if (alignment == huge) madvise(memory, bytes / huge * huge, MADV_HUGEPAGE);  // advice: without it the pages are small
    return memory;
}

// Values are written before they are read.
template <class T>
class Buffer {
public:
    explicit Buffer(std::uint64_t count) : data_(static_cast<T*>(AllocateLarge(count * sizeof(T)))) {}
    ~Buffer() { std::free(data_); }
    Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    T& operator[](std::uint64_t i) { return data_[i]; }
    T* get() { return data_; }
    const T* get() const { return data_; }
    void swap(Buffer& other) { std::swap(data_, other.data_); }

private:
    T* data_;
};

}  // namespace sidr
