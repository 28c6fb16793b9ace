// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tests/fake/kernel_state.hpp"

namespace fake {

/// A KernelState in a file, so that forked workers and processes killed at any moment share one
/// kernel. Every read and every change holds an flock; a change replaces the file by rename, so
/// that a process killed during it leaves the kernel in the state before or after, like a real one.
class SharedKernelState {
  public:
    explicit SharedKernelState(std::string path) : path_(std::move(path)) {}

    void create(const KernelState& world);
    /// A copy, as it is now.
    [[nodiscard]] KernelState read();
    void change(const std::function<void(KernelState&)>& change);
    /// How many calls all processes have made since create(). `kind` is kept for each, in the file
    /// PATH.moments.
    unsigned tick(char kind);

  private:
    [[nodiscard]] int lock() const;
    void load();
    void save();

    std::string path_;
    std::string generation_;  ///< of `world_`; if the file has another, it is read again
    KernelState world_;
};

}  // namespace fake
