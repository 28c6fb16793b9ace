// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/non_copyable.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace binding {

/// What a worker does with one request: it may report lines, and answers with one line that is not
/// empty.
using WorkerFunction = std::function<std::string(
    const std::string& request, const std::function<void(const std::string&)>& report)>;

/// A line that a worker reported, and when: the start of a write that has not returned.
struct ProgressText {
    std::chrono::steady_clock::time_point at;
    std::string line;
};

/// A forked process that writes to the kernel for us, since a write may never return. It never
/// executes another program, dies with its parent, and is abandoned, not waited for, when it is
/// stuck. Two socket pairs carry lines: one has requests and answers, the other progress, which may
/// stay unread: a wake-up for each line would cost as much as the write that it announces.
class Worker {
  public:
    /// `close_in_child`: the parent's ends of its siblings.
    [[nodiscard]] static base::Result<Worker> start(const WorkerFunction& work,
                                                    const std::vector<int>& close_in_child);
    Worker(Worker&&) = default;
    Worker& operator=(Worker&&) = default;
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() = default;

    [[nodiscard]] base::Result<void> send(const std::string& request);
    /// The answers that have arrived; nothing once the worker has died. The progress that precedes
    /// them is readable by then.
    [[nodiscard]] std::optional<std::vector<std::string>> read_answers();
    [[nodiscard]] std::vector<ProgressText> read_progress();
    /// Ends it when it is idle: it reads the end of its requests.
    void close_requests();
    /// The same, and waits for it.
    void stop();
    /// Kills a stuck worker, so that it writes nothing more should the kernel ever release it.
    void abandon();
    /// How a dead worker died: "signal 9", "exit status 1".
    [[nodiscard]] std::string wait_status();

    /// fd(): readable when there is an answer, or no room for progress. progress_fd(): readable
    /// when there is progress.
    [[nodiscard]] int fd() const { return answers_.fd.get(); }
    [[nodiscard]] int progress_fd() const { return progress_.fd.get(); }
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    /// Our end of a socket pair, and the beginning of an incomplete line.
    struct LineReader {
        base::UniqueFd fd;
        std::string unread;
        /// Appends the complete lines. False at the end of what there will ever be.
        [[nodiscard]] bool read(std::vector<std::string>& lines);
    };
    Worker(pid_t pid, base::UniqueFd answers, base::UniqueFd progress)
        : pid_(pid), answers_{std::move(answers), {}}, progress_{std::move(progress), {}} {}
    void close();
    pid_t pid_;
    LineReader answers_;
    LineReader progress_;
};

/// While one of these lives, this process goes before others; not without CAP_SYS_NICE, nor when
/// somebody has given it a niceness. A device between two drivers serves nobody, and each that is
/// bound makes work for udev, on every processor: what udev does for the first devices is not to
/// hold up the last. Workers that are forked meanwhile inherit it.
class ScopedPriority : base::NonCopyable {
  public:
    ScopedPriority();
    ~ScopedPriority();

  private:
    bool raised_ = false;
};

}  // namespace binding
