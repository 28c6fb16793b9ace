// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <signal.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/non_copyable.hpp"
#include "base/result.hpp"

namespace base {

/// The exit of a subprocess and its output.
struct SubprocessResult {
    enum class How { kExited, kKilled, kTimedOut };
    How how = How::kExited;
    int status = 0;  ///< exit status, or the signal's number
    std::string out;
    std::string err;
};

/// Runs a program with pipes for its three streams: `input` goes to its stdin, then EOF. It has a
/// process group of its own, which is killed at `timeout`. A program may exit without reading its
/// input. An error only when it could not be started.
[[nodiscard]] base::Result<SubprocessResult> run_subprocess(
    const std::string& path, const std::vector<std::string>& arguments, const std::string& input,
    std::chrono::milliseconds timeout);

/// Blocks the signals that would end this process (and SIGPIPE) while it exists, so that the
/// operations that follow complete; the signals are delivered afterwards. Subprocesses do not
/// inherit this mask.
class ScopedSignalBlock : base::NonCopyable {
  public:
    ScopedSignalBlock();
    ~ScopedSignalBlock();

  private:
    sigset_t before_{};
};

}  // namespace base
