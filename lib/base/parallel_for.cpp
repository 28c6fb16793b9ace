// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/parallel_for.hpp"

#include <algorithm>
#include <system_error>
#include <thread>
#include <vector>

namespace base {

namespace {

constexpr std::size_t kItemsPerThread = 512;
constexpr std::size_t kMaxThreads = 8;

std::size_t thread_count(std::size_t count) {
    const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
    return std::clamp<std::size_t>(count / kItemsPerThread, 1, std::min(processors, kMaxThreads));
}

}  // namespace

void parallel_for(std::size_t count, const std::function<void(std::size_t)>& one) {
    const std::size_t chunks = thread_count(count);
    const auto run_chunk = [&](std::size_t chunk) {
        const std::size_t end = count * (chunk + 1) / chunks;
        for (std::size_t at = count * chunk / chunks; at < end; ++at)
            one(at);
    };
    std::vector<std::thread> workers;
    workers.reserve(chunks);
    for (std::size_t chunk = 1; chunk < chunks; ++chunk) {
        try {
            workers.emplace_back(run_chunk, chunk);
        } catch (const std::system_error&) {  // a limit on threads: then this one does it
            run_chunk(chunk);
        }
    }
    run_chunk(0);
    for (std::thread& worker : workers)
        worker.join();
}

}  // namespace base
