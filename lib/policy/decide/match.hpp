// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/model/policy_model.hpp"
#include "sysfs/device/inventory.hpp"

namespace policy {

/// The result of one field: what the rule wants, what the device has (absent: nothing), and whether
/// it holds. `key` is the path of keys in the policy ("vendor", "not.boot_vga", "pf.netdev",
/// "any[0].class").
struct FieldResult {
    std::string key;
    std::string wanted;
    std::optional<std::string> actual;
    bool ok = false;
    auto operator<=>(const FieldResult&) const = default;
};

/// Does `match` hold for `device`? `inventory` provides the PF and the host.
[[nodiscard]] bool matches(const Match& match, const sysfs::Device& device,
                           const sysfs::Inventory& inventory);

enum class PossibleMatch { kNo, kMaybe, kYes };
/// The same early in a boot, before udev and a driver have handled the device: what only they add
/// (a driver, netdevs, properties, attributes, an mdev parent) may still appear.
[[nodiscard]] PossibleMatch match_early(const Match& match, const sysfs::Device& device,
                                        const sysfs::Inventory& inventory);
/// The match of a rule, before the device got its present driver: what a driver changes may have
/// been anything, and so may the NUMA node if the rule sets it.
[[nodiscard]] PossibleMatch match_before_binding(const Rule& rule, const sysfs::Device& device,
                                                 const sysfs::Inventory& inventory);

/// The same with the result of every field, none skipped: for explain.
[[nodiscard]] bool trace(const Match& match, const sysfs::Device& device,
                         const sysfs::Inventory& inventory, std::vector<FieldResult>& fields);

}  // namespace policy
