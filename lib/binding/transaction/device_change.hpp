// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "binding/transaction/journaled_kernel.hpp"
#include "binding/transaction/preflight.hpp"
#include "binding/transaction/transaction_context.hpp"

namespace binding {

/// One change of a transaction with its device as it was last read. The methods are the phases of
/// the plan: all devices of the group get their overrides, then all are unbound, then all are
/// bound, then the rest.
class DeviceChange {
  public:
    /// `loaded`: the modules that this transaction has loaded already.
    DeviceChange(TransactionContext& context, JournaledKernel& journaled, Preflight preflight,
                 std::set<std::string>& loaded)
        : context_(context),
          journaled_(journaled),
          preflight_(std::move(preflight)),
          loaded_(loaded),
          target_{preflight_.now.id, preflight_.now.identity()},
          driver_(is_bound_by_udev_rule(preflight_) ? *preflight_.now.driver : std::string()) {}

    /// Of ApplyScope::kBootOverrides, in place of all the others.
    [[nodiscard]] base::Result<void> set_boot_override();
    [[nodiscard]] base::Result<void> set_override();
    /// Is it to have another driver, or none?
    [[nodiscard]] bool changes_driver() const;
    [[nodiscard]] base::Result<void> unbind();
    /// Of `attrs:`, while no driver of the chain has the device yet.
    [[nodiscard]] base::Result<void> set_attributes();
    [[nodiscard]] base::Result<void> bind();
    /// VFs, mdevs and the nodes' access.
    [[nodiscard]] base::Result<void> configure();
    /// `check: open`, when every device of the group is bound: a group opens as a whole.
    [[nodiscard]] base::Result<void> check_open();

    /// The device as it was read last, and what is planned for it.
    [[nodiscard]] const Preflight& preflight() const { return preflight_; }
    /// The driver that we bound, for the commit; empty: its driver is unchanged.
    [[nodiscard]] const std::string& driver() const { return driver_; }
    [[nodiscard]] bool released() const { return released_; }
    /// It is as it stood before a transaction of ours that was not the first.
    [[nodiscard]] bool rolled_back() const { return rolled_back_; }

  private:
    [[nodiscard]] base::Result<void> next_candidate();
    [[nodiscard]] base::Result<std::string> driver_name(const policy::ChainLink& link);
    [[nodiscard]] base::Result<void> write_override(const std::string& driver);
    [[nodiscard]] base::Result<void> bind_along_chain();
    [[nodiscard]] base::Result<void> verify_bound(const std::string& driver);
    [[nodiscard]] base::Result<void> verify_unbound();
    [[nodiscard]] base::Result<void> revalidate_after(const std::string& tried);
    [[nodiscard]] base::Result<void> roll_back(const InFlightTransaction& changes);
    [[nodiscard]] base::Result<void> release();
    [[nodiscard]] base::Result<void> remove_side_effects();

    TransactionContext& context_;
    JournaledKernel& journaled_;
    Preflight preflight_;
    std::set<std::string>& loaded_;
    sysfs::DeviceTarget target_;
    std::size_t next_ = 0;   ///< the candidate to be tried next
    std::string candidate_;  ///< the one whose override is set
    std::string driver_;
    bool released_ = false;
    bool rolled_back_ = false;
};

}  // namespace binding
