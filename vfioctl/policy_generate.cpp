// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>
#include <ostream>

#include "policy/parse.hpp"
#include "vfioctl/command.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/hand_rule.hpp"

/// `vfioctl policy generate`: what was bound by hand, by a script or by another tool, as rules that would
/// bring it about again. Every rule is pinned to one device; whoever wants wider ones edits them.
namespace vfioctl {
namespace {

/// The driver that keeps this device for VFIO or away from its native one; nothing for any other.
std::optional<policy::DriverWish> wish_of(const sysfs::Device& device) {
    using Kind = policy::DriverWish::Kind;
    const bool is_vfio = device.driver && (device.vfio || sysfs::is_vfio_driver(*device.driver));
    if (device.mdev || (!is_vfio && !device.driver_override))
        return std::nullopt;
    if (device.driver_override == "none")
        return policy::DriverWish{.kind = Kind::kNone, .chain = {}};
    const std::string driver = device.driver_override.value_or(device.driver.value_or(""));
    return policy::DriverWish{.kind = Kind::kChain,
                              .chain = {{policy::Candidate::Kind::kNamed, driver}}};
}

std::vector<policy::MdevWish> mdevs_of(const sysfs::Device& parent,
                                       const sysfs::Inventory& inventory) {
    std::vector<policy::MdevWish> out;
    if (parent.mdev_parent_name.empty())
        return out;
    for (const sysfs::Device& device : inventory.devices)
        if (device.mdev && device.mdev->parent == parent.mdev_parent_name)
            out.push_back({.uuid = device.id.name,
                           .count = {},
                           .type = device.mdev->type,
                           .attrs = {},
                           .where = {}});
    return out;
}

policy::PolicySet generated(const sysfs::Inventory& inventory) {
    policy::PolicySet set;
    for (const sysfs::Device& device : inventory.devices) {
        const auto driver = wish_of(device);
        std::vector<policy::MdevWish> mdevs = mdevs_of(device, inventory);
        if (!driver && mdevs.empty())
            continue;
        policy::Rule rule = policy::hand_rule(device, {.driver = {}, .group = policy::GroupWish::Kind::kStrict, .lifted = {}});
        rule.driver = driver;
        rule.mdevs = std::move(mdevs);
        set.rules.push_back(std::move(rule));
    }
    return set;
}

}  // namespace

Outcome<ExitCode> run_policy_generate(Session& session, const Arguments& arguments) {
    static_cast<void>(arguments);  // takes none
    const auto inventory = session.kernel.inventory({});
    if (!inventory)
        return fail(inventory.error());
    const policy::PolicySet set = generated(*inventory);
    const std::string yaml = policy::emit(set);
    if (!session.json()) {
        session.out << "# Today's VFIO bindings and driver overrides, by `vfioctl policy generate`.\n"
                    << yaml;
        return ExitCode::kDone;
    }
    nlohmann::ordered_json json = document();
    json["rules"] = set.rules.size();
    json["yaml"] = yaml;
    session.out << dump(json);
    return ExitCode::kDone;
}

}  // namespace vfioctl
