// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "bindd/executor/sockets.hpp"
#include "binding/journal/state_dir.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace bindd {

/// What the executor works with, made before the fork.
struct ExecutorDependencies {
    sysfs::Kernel& kernel;
    binding::StateDir state;
    std::function<base::Result<void>(const sysfs::Device&)> check_open;
    OpenDevice open{};                                ///< empty: opening is refused
    std::chrono::milliseconds write_timeout{60'000};  ///< of a recovery's writes
    std::chrono::milliseconds read_timeout{8'000};
    /// Files and directories that name further drivers, and of which udev's rules are made.
    std::vector<std::string> policies{};
};

}  // namespace bindd
