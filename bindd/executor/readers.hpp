// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/clock.hpp"
#include "bindd/executor/executor_dependencies.hpp"
#include "bindd/executor/sockets.hpp"
#include "binding/codec/messages.hpp"
#include "binding/worker/worker_pool.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace bindd {

/// Answers a ScanHost, ScanDevices or QueryUsage: what is found goes to `emit` piece by piece; the
/// return value is Completed or Failed. Runs in a process that can be lost, since reading a device
/// hangs while an unbind of it does.
[[nodiscard]] binding::Message read_host(sysfs::Kernel& kernel, const binding::Message& request,
                                         const std::function<void(binding::Message)>& emit);

/// The requests that are served by a reader.
template <typename Request>
constexpr bool kIsForReader =
    std::is_same_v<Request, binding::ScanHost> || std::is_same_v<Request, binding::ScanDevices> ||
    std::is_same_v<Request, binding::QueryUsage> ||
    std::is_same_v<Request, binding::OpenForClient> ||
    std::is_same_v<Request, binding::UpdateUdevRules>;

/// The processes that read the host, open devices and write udev's rules: each may hang. Their
/// lines are the replies as the daemon gets them. A read past its deadline ends with kTimeout. They
/// end when there has been nothing to do for a while.
class Readers {
  public:
    /// `send` gets the lines of replies, `on_abandoned` a reader that was killed and may be kept by
    /// the kernel.
    Readers(const ExecutorDependencies& deps, FdChannel channel,
            std::function<void(const std::string&)> send, std::function<void(pid_t)> on_abandoned);

    /// `line`: the request as it came, whose id is `id`.
    void add(std::uint64_t id, const std::string& line);
    void turn();
    void watch(std::vector<pollfd>& fds) const { pool_.watch(fds); }
    [[nodiscard]] std::optional<base::Clock::time_point> next_deadline() const;

  private:
    [[nodiscard]] std::string serve(const std::string& line,
                                    const std::function<void(const std::string&)>& report) const;
    [[nodiscard]] base::Result<void> open_for(const binding::OpenForClient& request) const;
    [[nodiscard]] base::Result<void> update_udev_rules(
        const binding::UpdateUdevRules& request) const;
    void on_ended(const binding::WorkerJob& job, binding::JobEnd how,
                  const std::string& line) const;

    const ExecutorDependencies& deps_;
    FdChannel channel_;
    std::function<void(const std::string&)> send_;
    binding::WorkerPool pool_;
    std::optional<base::Clock::time_point> idle_at_;
};

}  // namespace bindd
