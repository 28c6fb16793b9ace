// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <signal.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "sysfs/result.hpp"

namespace binding {

/// How a script ended and what it said.
struct ScriptEnd {
    enum class How { kExited, kKilled, kTimedOut };
    How how = How::kExited;
    int status = 0;  ///< exit status, or the signal's number
    std::string out;
    std::string err;
};

/// Runs a program with pipes for its three streams: `input` goes to its stdin, then EOF. It has a process
/// group of its own, which is killed as a whole when `timeout` is over. One that leaves without having
/// read its input has ended like any other. An error only when it could not be started.
[[nodiscard]] sysfs::Result<ScriptEnd> run_script(const std::string& path,
                                                  const std::vector<std::string>& arguments,
                                                  const std::string& input,
                                                  std::chrono::milliseconds timeout);

/// Keeps the signals that would end this process (and SIGPIPE) from being delivered while it lives, so that
/// what has to follow does follow; they come afterwards. A script is run without them held.
class SignalsHeld {
  public:
    SignalsHeld();
    SignalsHeld(const SignalsHeld&) = delete;
    SignalsHeld& operator=(const SignalsHeld&) = delete;
    ~SignalsHeld();

  private:
    sigset_t before_{};
};

}  // namespace binding
