// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <vector>

#include "binding/transaction/device_change.hpp"
#include "binding/transaction/transaction_context.hpp"

namespace binding {

/// Is the use of `device` that it has one of these mdevs, or VFs of which all are among these? They
/// are looked at by themselves. One use stands for all the VFs of a PF.
[[nodiscard]] bool is_of_children(const sysfs::Use& use, const std::set<sysfs::DeviceId>& children,
                                  const sysfs::DeviceId& device, const sysfs::Inventory& inventory);

/// Looks once more who uses what a transaction takes away: drivers, VFs, mdevs. The plan is made
/// from what is seconds old, or minutes where a user had to confirm it. kStale when one has a use
/// that the plan does not accept. A release takes no driver that the host uses.
class UsageRecheck {
  public:
    explicit UsageRecheck(TransactionContext& context) : context_(context) {}

    /// All of the transaction, before any of it loses anything.
    [[nodiscard]] base::Result<void> check_all(const std::vector<DeviceChange>& changes);
    /// `lost`, immediately before the write that takes them away for this change: a device may come
    /// into use while the devices before it lose their drivers.
    [[nodiscard]] base::Result<void> check_loss(const policy::Change& change,
                                                const std::vector<sysfs::DeviceId>& lost);

  private:
    TransactionContext& context_;
    std::set<sysfs::DeviceId> just_checked_;  ///< by check_all(), and nothing written since
};

/// The same for an undo, which nobody has planned. What is on a VFIO driver: kBusy with EBUSY while
/// it is open, since it may be closed later. What the host's own driver has: kRefused when the
/// host uses it, or when that is not known.
/// `made`: VFs and mdevs that the undo takes away first, and looks at by themselves.
[[nodiscard]] base::Result<void> check_undo_loss(sysfs::Kernel& kernel,
                                                 const std::vector<sysfs::DeviceId>& lost,
                                                 const std::set<sysfs::DeviceId>& made = {});

}  // namespace binding
