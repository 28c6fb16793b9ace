// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "binding/journal/journal_state.hpp"
#include "policy/model/policy_model.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/device/inventory.hpp"

namespace binding {

/// One step of a plan; an empty value is none.
[[nodiscard]] policy::Step plan_step(policy::Op op, const sysfs::DeviceId& device,
                                     const std::string& value);
/// The step that takes back what was done to the device.
[[nodiscard]] policy::Step reverse_step(const sysfs::DeviceId& device, const SideEffect& made);

/// The rollback of a release: the device goes back to the driver that the release took it from,
/// with the steps of undo_device(); `candidates` of the change names it. A device that is not there
/// any more becomes a note.
void add_rebind(const sysfs::DeviceId& id, const JournalState& journal_state,
                const sysfs::Inventory& inventory, const std::string& rollback,
                const std::vector<sysfs::UseKind>& accepted, policy::Transaction& transaction);

/// Names in `change` the VFIO driver, or "none", that a rollback takes a device of the host to.
void name_goal(const ManagedDevice& undone, policy::Change& change);

/// Refuses what would take a device that a rule protects by now, or give one of a group to VFIO of
/// which the host uses another.
void check_rebinds(policy::Plan& plan, const policy::PolicySet& set,
                   const sysfs::Inventory& inventory);

/// Does the change take a device from the host?
[[nodiscard]] bool is_rebind(const policy::Change& change);

}  // namespace binding
