// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tests/fake/kernel_state.hpp"

namespace fake {

/// A KernelState in a file, so that forked workers and processes killed at any moment share one
/// kernel. Every look and every change is one turn under an flock; a change replaces the file by
/// rename, so that a process killed inside it leaves the kernel as before or after, as a real one
/// would be.
class SharedKernelState {
  public:
    explicit SharedKernelState(std::string path) : path_(std::move(path)) {}

    void create(const KernelState& world);
    /// A copy, as it is now.
    [[nodiscard]] KernelState read();
    void change(const std::function<void(KernelState&)>& change);
    /// How often this has been asked, by anyone, since create().
    unsigned tick();

  private:
    [[nodiscard]] int lock() const;
    void load();
    void save();

    std::string path_;
    std::string generation_;  ///< of `world_`; another in the file: read it anew
    KernelState world_;
};

}  // namespace fake
