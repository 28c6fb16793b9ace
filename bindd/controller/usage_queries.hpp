// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

namespace bindd {

/// Asks who uses these devices, for a plan or a caller. Without devices to ask for, `purpose`
/// continues within this call. When the answer is missing, devices count as used.
void query_usage(StepContext& step, std::vector<sysfs::DeviceId> devices, UsagePurpose purpose);

void on_usage_finished(StepContext& step, UsageQuery query, const base::Result<void>& result);
void on_usage_requested(StepContext& step, UsageRequested input);

}  // namespace bindd
