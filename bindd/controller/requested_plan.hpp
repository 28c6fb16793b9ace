// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "bindd/controller/job.hpp"
#include "bindd/controller/view.hpp"

/// Requests that name devices: to bind them, or for the VFs or the mdevs of one device, whose
/// driver stays. What they plan, disturb and ask.
namespace bindd {

/// The decisions with the rules that the request means. `rules` must outlive them.
[[nodiscard]] policy::Decisions decide_requested(const View& view, const JobRequest& request,
                                                 std::vector<policy::Rule>& rules);

/// Not of releases and rollbacks. kNotFound when a device of it has gone.
[[nodiscard]] base::Result<policy::Plan> requested_plan(const View& view,
                                                        const JobRequest& request);

/// The VFs or the mdev that the request would take away.
[[nodiscard]] std::vector<sysfs::DeviceId> requested_children(const View& view,
                                                              const JobRequest& request);

/// What polkit gets to know of the request, beside its device.
[[nodiscard]] Details requested_details(const JobRequest& request);

/// The same of an mdev that any transaction makes or removes, with its parent.
[[nodiscard]] Details mdev_details(const View& view, const policy::Transaction& transaction,
                                   const policy::Step& step);

}  // namespace bindd
