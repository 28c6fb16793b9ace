// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/exchange/import_driverctl.hpp"

#include "vfioctl/exchange/driverctl_config.hpp"

/// driverctl sets one driver for one device, by its name on its bus. That is a rule with a priority
/// above those of ids, as an override has precedence over ids in the kernel.
namespace vfioctl {
namespace {

constexpr std::int64_t kAboveIds = 10;

}  // namespace

ImportResult import_driverctl(const sysfs::Root& root) {
    ImportResult out;
    for (const DriverctlEntry& entry : read_driverctl_config(root)) {
        if (!entry.problem.empty()) {
            out.add_omission(entry.path, entry.problem + ": not imported");
            continue;
        }
        const auto& [bus, name] = entry.device;
        policy::Rule rule = imported_rule("driverctl-" + bus + "-" + name);
        rule.priority = kAboveIds;
        if (bus != "pci")
            rule.match.fields.push_back(imported_field(policy::Field::kBus, bus));
        rule.match.fields.push_back(imported_field(policy::Field::kAddress, escape_glob(name)));
        rule.driver = imported_driver(entry.driver);
        out.add_rule(std::move(rule), entry.path);
    }
    return out;
}

}  // namespace vfioctl
