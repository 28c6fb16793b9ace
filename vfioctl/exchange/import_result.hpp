// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "policy/model/policy_model.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/host/root.hpp"

namespace vfioctl {

/// Another tool's configuration as a policy. `omissions` are sentences, one for each setting that a
/// policy cannot express or expresses differently; nothing is dropped without one.
struct ImportResult {
    policy::PolicySet set;
    std::vector<std::string> omissions;

    void add_omission(const std::string& where, const std::string& why) {
        omissions.push_back(where + ": " + why);
    }
    /// Takes the rule in, under a name of its own, if it is one that a policy file can hold; else
    /// it is a omission: what one file of theirs has wrong never spoils the rest.
    void add_rule(policy::Rule rule, const std::string& where);
};

/// None of the tools considers IOMMU groups; a rule is refused if a group is not viable. Adds an
/// omission for each device of this host whose group peers the other tool leaves on their drivers.
void report_group_peers(ImportResult& imported, const sysfs::Inventory& inventory);

/// A rule with a name that could be one: characters that names do not have become '_'.
[[nodiscard]] policy::Rule imported_rule(const std::string& name);
[[nodiscard]] policy::FieldTest imported_field(policy::Field field, std::string wanted);
/// A name as a glob that means it alone: '[' can be part of a platform device's.
[[nodiscard]] std::string escape_glob(const std::string& name);
/// The chain of this one driver; "none" is no driver at all.
[[nodiscard]] policy::DriverAction imported_driver(const std::string& driver);

}  // namespace vfioctl
