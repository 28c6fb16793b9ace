// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/policy_generate.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "policy/yaml/parse_policy.hpp"
#include "policy/yaml/policy_writer.hpp"
#include "vfioctl/commands/policy_show.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/pipeline/bind_options.hpp"
#include "vfioctl/pipeline/policy_loading.hpp"

/// `vfioctl policy generate`: rules that restore the current bindings of scripts and other tools.
/// Every rule matches one device.
namespace vfioctl {
namespace {

/// The driver that keeps this device for VFIO or away from its native one; nothing for any other.
std::optional<policy::DriverAction> current_driver(const sysfs::Device& device) {
    const bool is_vfio = device.driver && (device.vfio || sysfs::is_vfio_driver(*device.driver));
    if (device.mdev || (!is_vfio && !device.driver_override))
        return std::nullopt;
    if (device.driver_override == "none")
        return policy::DriverAction{.kind = policy::DriverAction::ActionKind::kNone, .chain = {}};
    const std::string driver = device.driver_override.value_or(device.driver.value_or(""));
    return policy::DriverAction{.kind = policy::DriverAction::ActionKind::kChain,
                                .chain = {{policy::Candidate::CandidateKind::kNamed, driver}}};
}

std::vector<policy::MdevSpec> current_mdevs(const sysfs::Device& parent,
                                            const sysfs::Inventory& inventory) {
    std::vector<policy::MdevSpec> out;
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
        const auto driver = current_driver(device);
        std::vector<policy::MdevSpec> mdevs = current_mdevs(device, inventory);
        if (!driver && mdevs.empty())
            continue;
        policy::Rule rule = policy::make_bind_rule(
            device,
            {.driver = {}, .group = policy::GroupSelection::SelectionKind::kStrict, .forced = {}});
        rule.driver = driver;
        rule.mdevs = std::move(mdevs);
        set.rules.push_back(std::move(rule));
    }
    return set;
}

/// A rule that `bind --persist` keeps may have the name: two of one name make a set invalid.
void rename_taken(policy::PolicySet& set, const policy::PolicySet& known) {
    for (policy::Rule& rule : set.rules)
        if (std::any_of(known.rules.begin(), known.rules.end(),
                        [&](const policy::Rule& other) { return other.name == rule.name; }))
            rule.name += "-found";
}

}  // namespace

CliResult<ExitCode> run_policy_generate(CliContext& cli, const Arguments& /*arguments*/) {
    const auto inventory = TRY(to_cli(cli.kernel.inventory({})));
    policy::PolicySet set = generated(inventory);
    rename_taken(set, load_policies_for(cli, {}).set);
    const std::string yaml = policy::emit(set);
    if (!cli.json()) {
        cli.out << "# Today's VFIO bindings and driver overrides, by `vfioctl policy generate`.\n"
                << yaml;
        return ExitCode::kDone;
    }
    nlohmann::ordered_json json = json_document();
    json["rules"] = rules_json(set);
    json["yaml"] = yaml;
    cli.out << dump(json);
    return ExitCode::kDone;
}

}  // namespace vfioctl
