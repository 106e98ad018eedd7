// A loop shared by a few threads, for work of milliseconds.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <system_error>
#include <thread>
#include <vector>

namespace sidr {

// Threads that so many bytes of work are worth: one for each 2 MiB, at most the processors of this process, at most 8.
inline unsigned ThreadsFor(std::uint64_t bytes) {
    std::uint64_t most = std::min<std::uint64_t>(8, std::max(1u, std::thread::hardware_concurrency()));
    return static_cast<unsigned>(std::clamp<std::uint64_t>(bytes >> 21, 1, most));
}

// Calls body(task, worker) once for each task, on this thread (worker 0) and up to threads - 1 more; fewer where the system gives none. body must not throw.
template <class Body>
void Parallel(std::uint64_t tasks, unsigned threads, const Body& body) {
    std::atomic<std::uint64_t> next{0};
    auto work = [&](unsigned worker) {
        for (std::uint64_t task; (task = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) body(task, worker);
    };
    std::vector<std::thread> others;
    try {
        for (unsigned worker = 1; worker < threads && worker < tasks; worker++) others.emplace_back(work, worker);
    } catch (const std::system_error&) {
        // The threads that there are do all of it.
    }
    work(0);
    for (std::thread& other : others) other.join();
}

}  // namespace sidr
