// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "binding/codec/managed_device.hpp"
#include "binding/transaction/transaction_context.hpp"
#include "policy/plan/plan.hpp"

namespace binding {

/// One change of a transaction with the device as it was just read.
struct Preflight {
    const policy::Change* change = nullptr;
    sysfs::Device now;
    const ManagedDevice* managed =
        nullptr;             ///< the journal's record of it, when it was ours before
    bool gone = false;       ///< to be released, but it went away or is another device now
    bool on_target = false;  ///< found on what was planned; not our doing
    bool override_by_udev_rule =
        false;                 ///< its override is what our udev rules wrote when it was plugged in
    sysfs::NodeAccess access;  ///< with names resolved; empty: nothing to set
};

/// Is it on the first candidate of its chain, but for the override that keeps it there?
[[nodiscard]] bool lacks_override(const Preflight& preflight);

/// Reads the device and checks that the change still applies as planned: it is the same device, and
/// its driver and override are those of the plan (kStale otherwise). Writes nothing.
[[nodiscard]] base::Result<Preflight> revalidate(TransactionContext& context,
                                                 const policy::Change& change);

/// One of our udev rules has given it its driver, which the change keeps: the first transaction on
/// it, of whatever kind, makes the binding ours.
[[nodiscard]] bool is_bound_by_udev_rule(const Preflight& preflight);

}  // namespace binding
