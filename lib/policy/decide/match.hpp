// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/model/policy_model.hpp"
#include "sysfs/device/inventory.hpp"

namespace policy {

/// How one field fared: what the rule wants, what the device has (absent: it has none), and the
/// verdict. `key` is the path of keys in the policy ("vendor", "not.boot_vga", "pf.netdev",
/// "any[0].class").
struct FieldResult {
    std::string key;
    std::string wanted;
    std::optional<std::string> actual;
    bool ok = false;
    auto operator<=>(const FieldResult&) const = default;
};

/// Does `match` hold for `device`? `inventory` answers about the PF and the host.
[[nodiscard]] bool matches(const Match& match, const sysfs::Device& device,
                           const sysfs::Inventory& inventory);

enum class EarlyMatch { kNo, kMaybe, kYes };
/// The same question early in a boot, of a device that neither udev nor a driver has had in hand:
/// what only they bring (a driver, netdevs, properties, attributes, an mdev parent) may come yet.
[[nodiscard]] EarlyMatch match_early(const Match& match, const sysfs::Device& device,
                                     const sysfs::Inventory& inventory);

/// The same answer with every field's own, none skipped: for explain.
[[nodiscard]] bool trace(const Match& match, const sysfs::Device& device,
                         const sysfs::Inventory& inventory, std::vector<FieldResult>& fields);

}  // namespace policy
