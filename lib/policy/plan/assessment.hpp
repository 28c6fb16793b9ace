// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "policy/plan/plan.hpp"

namespace policy {

/// A host, the policies in force, and what follows from them: the decisions and the plan. The owner
/// fills in `policies`, `inventory`, `drivers`, `usage` and `bound_rules`, then calls decide() and
/// make_plan(). It does no I/O. The decisions point into `policies`, so an assessment moves but is
/// never copied.
struct Assessment {
    Assessment() = default;
    Assessment(Assessment&&) = default;
    Assessment& operator=(Assessment&&) = default;
    Assessment(const Assessment&) = delete;
    Assessment& operator=(const Assessment&) = delete;
    ~Assessment() = default;

    PolicySet policies;
    sysfs::Inventory inventory;
    sysfs::Drivers drivers;
    sysfs::Usage usage;
    BoundRules bound_rules;
    Decisions decisions;
    Plan plan;
    std::map<sysfs::DeviceId, std::size_t> transaction_index;  ///< into the plan, by make_plan()

    /// Sets `decisions`. The rules of the requests must outlive them.
    void decide(const std::vector<RequestedRule>& requests = {});
    /// The devices whose usage make_plan() needs.
    [[nodiscard]] std::vector<sysfs::DeviceId> devices_changing_driver() const;
    /// Sets `plan`.
    void make_plan(const ForcedReasons& forced = {});
    /// Moves the plan out; transaction() finds nothing afterwards.
    [[nodiscard]] Plan take_plan();

    /// nullptr: unmanaged.
    [[nodiscard]] const Decision* decision(const sysfs::DeviceId& id) const;
    /// nullptr: bindd has not changed the device.
    [[nodiscard]] const BoundRule* bound_rule(const sysfs::DeviceId& id) const;
    /// nullptr: the plan does not concern the device.
    [[nodiscard]] const Transaction* transaction(const sysfs::DeviceId& id) const;

    /// The name of what one transaction changes: "group 15", or the device's own name when it is in
    /// no group. A transaction's key is that of its devices, even when it changes no driver.
    [[nodiscard]] std::string group_key(const sysfs::DeviceId& id) const;
    [[nodiscard]] std::string group_key(const Transaction& transaction) const;
    /// The present devices with that key.
    [[nodiscard]] std::vector<sysfs::DeviceId> members(const std::string& group_key) const;
};

}  // namespace policy
