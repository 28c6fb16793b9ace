// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/plan/plan.hpp"

namespace binding {

/// The steps of one transaction: the planned ones get their results, those of a fallback are
/// inserted where they happened.
class StepLog {
  public:
    explicit StepLog(std::vector<policy::Step> planned) : steps_(std::move(planned)) {}

    /// The step that starts now; its place for end().
    std::size_t begin(policy::Op op, const sysfs::DeviceId& device, const std::string& value);
    void end(std::size_t at, policy::StepResult result, std::string error = {});
    /// Every step that was done has been undone.
    void roll_back();
    /// A planned step that a fallback has made pointless becomes `skipped`.
    [[nodiscard]] std::vector<policy::Step> finish() &&;

  private:
    std::vector<policy::Step> steps_;
    std::size_t next_ = 0;  ///< where a step that was not planned goes
};

}  // namespace binding
