// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sysfs/result.hpp"
#include "sysfs/unique_fd.hpp"

namespace binding {

/// What a worker does with one request: it answers with one line, and may say lines before it.
using Work = std::function<std::string(const std::string& request,
                                       const std::function<void(const std::string&)>& say)>;

/// A forked process that writes to the kernel for us, since a write may never return. It never
/// executes another program, dies with its parent, and is abandoned, not waited for, when it is stuck.
/// Lines over a socket pair: requests down, what it says and its answers up.
class Worker {
  public:
    /// `close_in_child`: the parent's ends of its siblings.
    [[nodiscard]] static sysfs::Result<Worker> start(const Work& work,
                                                     const std::vector<int>& close_in_child);
    Worker(Worker&&) = default;
    Worker& operator=(Worker&&) = default;
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() = default;

    [[nodiscard]] sysfs::Result<void> ask(const std::string& request);
    /// The complete lines that have come; nothing once the worker has died.
    [[nodiscard]] std::optional<std::vector<std::string>> lines();
    /// Ends it when it is idle: it sees the end of its requests. Waits for it.
    void finish();
    /// It is stuck: killed, so that it does nothing more should the kernel ever let it go.
    void abandon();
    /// How a dead worker died: "signal 9", "exit status 1".
    [[nodiscard]] std::string death();

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    Worker(pid_t pid, sysfs::UniqueFd fd) : pid_(pid), fd_(std::move(fd)) {}
    pid_t pid_;
    sysfs::UniqueFd fd_;
    std::string unread_;
};

}  // namespace binding
