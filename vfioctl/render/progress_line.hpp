// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/non_copyable.hpp"
#include "binding/transaction/apply.hpp"
#include "vfioctl/context/cli_context.hpp"

namespace vfioctl {

/// One line on stderr with the progress of a long run. Only on a terminal, and never with --json;
/// cleared before anything else is printed, at the latest by the destructor.
class ProgressLine : base::NonCopyable {
  public:
    explicit ProgressLine(CliContext& cli);
    ~ProgressLine() { clear(); }

    /// Is there a terminal to show it on?
    [[nodiscard]] bool wanted() const { return wanted_; }
    void show(const binding::Progress& progress);
    void clear();

  private:
    CliContext& cli_;
    bool wanted_;
    bool shown_ = false;
};

}  // namespace vfioctl
