// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "binding/transaction/journaled_kernel.hpp"
#include "policy/model/policy_model.hpp"

namespace binding {

/// Creates the wanted mdevs of a parent (each spec has its UUID by now) and writes their attributes
/// in order. One that is there already, of that parent and type, is left as it is and does not
/// become ours.
[[nodiscard]] base::Result<void> create_mdevs(JournaledKernel& journaled,
                                              const sysfs::DeviceId& parent,
                                              const std::vector<policy::MdevSpec>& specs);

/// Creates one mdev and writes its attributes.
[[nodiscard]] base::Result<void> create_mdev(JournaledKernel& journaled,
                                             const sysfs::DeviceId& parent,
                                             const std::string& parent_name,
                                             const policy::MdevSpec& spec);

/// Removes these mdevs of the parent on request, whatever created them. One that is gone already is
/// no failure; kRefused for one of another parent.
[[nodiscard]] base::Result<void> remove_mdevs(JournaledKernel& journaled,
                                              const sysfs::DeviceId& parent,
                                              const std::vector<policy::MdevSpec>& mdevs);

/// Removes a vendor's virtual GPU, if it still is the one that was created.
[[nodiscard]] base::Result<void> remove_vgpu(JournaledKernel& journaled,
                                             const sysfs::DeviceTarget& vf, const SideEffect& made);

}  // namespace binding
