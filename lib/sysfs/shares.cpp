// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/shares.hpp"

#include <algorithm>
#include <system_error>
#include <thread>
#include <vector>

namespace sysfs {

namespace {

constexpr std::size_t kWorthAThread = 512;
constexpr std::size_t kMostThreads = 8;

std::size_t shares_of(std::size_t count) {
    const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
    return std::clamp<std::size_t>(count / kWorthAThread, 1, std::min(processors, kMostThreads));
}

}  // namespace

void in_shares(std::size_t count, const std::function<void(std::size_t)>& one) {
    const std::size_t shares = shares_of(count);
    const auto take_share = [&](std::size_t share) {
        const std::size_t end = count * (share + 1) / shares;
        for (std::size_t at = count * share / shares; at < end; ++at)
            one(at);
    };
    std::vector<std::thread> workers;
    workers.reserve(shares);
    for (std::size_t share = 1; share < shares; ++share) {
        try {
            workers.emplace_back(take_share, share);
        } catch (const std::system_error&) {  // a limit on threads: then this one does it
            take_share(share);
        }
    }
    take_share(0);
    for (std::thread& worker : workers)
        worker.join();
}

}  // namespace sysfs
