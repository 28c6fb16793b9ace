// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/driverctl_files.hpp"
#include "vfioctl/imported.hpp"

/// driverctl says one driver for one device, by its name on its bus. That is a rule; above those of ids, as an
/// override is above them in the kernel.
namespace vfioctl {
namespace {

constexpr std::int64_t kAboveIds = 10;

}  // namespace

Imported import_driverctl(const sysfs::Root& root) {
    Imported out;
    for (const DriverctlEntry& entry : read_driverctl(root)) {
        if (!entry.problem.empty()) {
            out.lose(entry.path, entry.problem + ": not imported");
            continue;
        }
        const auto& [bus, name] = entry.device;
        policy::Rule rule = imported_rule("driverctl-" + bus + "-" + name);
        rule.priority = kAboveIds;
        if (bus != "pci")
            rule.match.fields.push_back(imported_field(policy::Field::kBus, bus));
        rule.match.fields.push_back(imported_field(policy::Field::kAddress, as_glob(name)));
        rule.driver = imported_driver(entry.driver);
        out.add(std::move(rule), entry.path);
    }
    return out;
}

}  // namespace vfioctl
