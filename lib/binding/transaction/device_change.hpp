// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <set>
#include <string>

#include "binding/transaction/execute_transaction.hpp"
#include "binding/transaction/journaled_kernel.hpp"
#include "binding/transaction/preflight.hpp"

namespace binding {

/// Carries one staged change out, in the phases that the planner spells out: its group's devices
/// all get their overrides, then all leave their drivers, then all are bound, then the rest.
class DeviceChange {
  public:
    /// `loaded`: the modules that this transaction has loaded already.
    DeviceChange(TransactionContext& context, JournaledKernel& journaled, Preflight& preflight,
                 std::set<std::string>& loaded)
        : context_(context),
          journaled_(journaled),
          preflight_(preflight),
          loaded_(loaded),
          target_{preflight.now.id, preflight.now.identity()},
          driver_(preflight.override_by_udev_rule && preflight.on_target
                      ? preflight.now.driver.value_or("")
                      : std::string()) {}

    /// Extent::kOverrides, in place of all the others.
    [[nodiscard]] base::Result<void> set_boot_override();
    [[nodiscard]] base::Result<void> set_override();
    [[nodiscard]] base::Result<void> unbind();
    [[nodiscard]] base::Result<void> bind();
    /// VFs, mdevs and the nodes' access.
    [[nodiscard]] base::Result<void> configure();
    /// `check: open`, when every device of the group is bound: a group opens as a whole.
    [[nodiscard]] base::Result<void> check_open();

    /// What the commit says of it: the driver it is on by our doing; empty: that was left alone.
    [[nodiscard]] const std::string& driver() const { return driver_; }
    [[nodiscard]] bool released() const { return released_; }

  private:
    [[nodiscard]] bool changes_driver() const;
    [[nodiscard]] base::Result<void> next_candidate();
    [[nodiscard]] base::Result<std::string> driver_name(const policy::ChainLink& link);
    [[nodiscard]] base::Result<void> write_override(const std::string& driver);
    [[nodiscard]] base::Result<void> bind_along_chain();
    [[nodiscard]] base::Result<void> verify_bound(const std::string& driver);
    [[nodiscard]] base::Result<void> verify_unbound();
    [[nodiscard]] base::Result<void> revalidate_after(const std::string& tried);
    [[nodiscard]] base::Result<void> release();
    [[nodiscard]] base::Result<void> remove_side_effects();

    TransactionContext& context_;
    JournaledKernel& journaled_;
    Preflight& preflight_;
    std::set<std::string>& loaded_;
    sysfs::DeviceTarget target_;
    std::size_t next_ = 0;   ///< the candidate to be tried next
    std::string candidate_;  ///< the one whose override is set
    std::string driver_;
    bool released_ = false;
};

}  // namespace binding
