// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/step_log.hpp"

namespace binding {

using policy::Step;
using policy::StepResult;

std::size_t StepLog::begin(policy::Op op, const sysfs::DeviceId& device, const std::string& value) {
    for (std::size_t at = 0; at < steps_.size(); ++at) {
        Step& step = steps_[at];
        if (step.result || step.op != op || step.device != device)
            continue;
        if (step.value && *step.value != value)
            continue;
        if (!value.empty())
            step.value = value;
        next_ = at + 1;
        return at;
    }
    const auto place = steps_.begin() + static_cast<std::ptrdiff_t>(next_);
    steps_.insert(place, Step{.op = op,
                              .device = device,
                              .value = value.empty() ? std::nullopt : std::optional(value),
                              .module = std::nullopt,
                              .result = std::nullopt,
                              .error = {}});
    return next_++;
}

void StepLog::end(std::size_t at, StepResult result, std::string error) {
    steps_[at].result = result;
    steps_[at].error = std::move(error);
}

void StepLog::roll_back() {
    for (Step& step : steps_)
        if (step.result == StepResult::kDone)
            step.result = StepResult::kRolledBack;
}

std::vector<Step> StepLog::finish() && {
    for (Step& step : steps_)
        if (!step.result)
            step.result = StepResult::kSkipped;
    return std::move(steps_);
}

}  // namespace binding
