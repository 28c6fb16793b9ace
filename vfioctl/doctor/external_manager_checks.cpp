// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/doctor/external_manager_checks.hpp"

#include "binding/mdevctl/mdev_store.hpp"
#include "vfioctl/render/counted.hpp"

#include <algorithm>

#include "policy/decide/match.hpp"
#include "vfioctl/exchange/driverctl_config.hpp"
#include "vfioctl/exchange/import_modprobe.hpp"

/// Other tools that bind: a conflict is a device that such a tool and a rule want differently.
namespace vfioctl {
namespace {

std::optional<std::string> rule_driver(const DoctorContext& context, const sysfs::DeviceId& id) {
    const policy::Rule* rule = context.rule(id);
    if (rule == nullptr || !rule->driver)
        return std::nullopt;
    switch (rule->driver->kind) {
        case policy::DriverAction::ActionKind::kHost:
            return "host";
        case policy::DriverAction::ActionKind::kNone:
            return "none";
        case policy::DriverAction::ActionKind::kChain:
            break;
    }
    const auto usable = context.assessment.decision(id)->chain.usable();
    if (usable.empty())
        return std::nullopt;
    return usable.front().driver.value_or(usable.front().module.value_or(""));
}

CheckResult driverctl(const DoctorContext& context) {
    std::vector<std::string> conflicts;
    std::vector<std::string> broken;
    std::size_t count = 0;
    for (const DriverctlEntry& entry : read_driverctl_config(context.root)) {
        ++count;
        const auto wanted = rule_driver(context, entry.device);
        if (!entry.problem.empty())
            broken.push_back(entry.path + ": " + entry.problem);
        else if (wanted && *wanted != entry.driver)
            conflicts.push_back(entry.device.display() + ": driverctl binds " + entry.driver +
                                ", rule " + context.rule(entry.device)->name + " wants " + *wanted);
    }
    if (count == 0)
        return {"driverctl", CheckVerdict::kOk, "not in use", {}};
    if (!conflicts.empty())
        return {"driverctl", CheckVerdict::kWarn, listed(conflicts),
                "remove driverctl's override, or the rule; `vfioctl import driverctl` makes rules "
                "of all"};
    if (!broken.empty())
        return {"driverctl", CheckVerdict::kWarn, listed(broken), "fix or remove the file"};
    return {"driverctl",
            CheckVerdict::kOk,
            counted(count, "override") +
                ", none in conflict with a rule; `vfioctl import driverctl` makes rules of them",
            {}};
}

/// ids= binds every device of an id, including those that no rule wants.
CheckResult modprobe_ids(const DoctorContext& context) {
    const ImportResult imported = import_modprobe(context.root);
    std::vector<std::string> stray;
    for (const policy::Rule& rule : imported.set.rules)
        for (const sysfs::Device& device : context.assessment.inventory.devices) {
            if (!policy::matches(rule.match, device, context.assessment.inventory))
                continue;
            const std::string driver = rule.driver->chain.front().driver;
            const auto wanted = rule_driver(context, device.id);
            if (!wanted || *wanted != driver)
                stray.push_back(
                    device.id.display() + " for " + driver +
                    (wanted ? ", a rule wants " + *wanted : std::string(", no rule wants it")));
        }
    if (imported.set.rules.empty())
        return {"modprobe-ids", CheckVerdict::kOk, "vfio-pci and pci-stub are given no ids", {}};
    if (stray.empty())
        return {"modprobe-ids",
                CheckVerdict::kOk,
                counted(imported.set.rules.size(), "id") + ", all as the rules want",
                {}};
    return {"modprobe-ids", CheckVerdict::kWarn, "ids= takes " + listed(stray),
            "`vfioctl import modprobe` makes rules of them; then remove ids="};
}

CheckResult libvirt(const DoctorContext& context) {
    std::vector<std::string> running;
    std::vector<std::string> managed;
    for (const auto& [device, external_managers] : context.external_managers)
        for (const ExternalManager& manager : external_managers)
            if (manager.tool == "libvirt") {
                const std::string line = device.display() + ": " + manager.text;
                (manager.managed && context.rule(device) != nullptr ? managed : running)
                    .push_back(line);
            }
    if (!managed.empty())
        return {"libvirt", CheckVerdict::kWarn, "both libvirt and a rule bind: " + listed(managed),
                "managed='no' in the domain: `vfioctl export libvirt` prints it"};
    if (running.empty())
        return {"libvirt",
                CheckVerdict::kOk,
                "no running domain uses a device, and no domain has managed='yes'",
                {}};
    return {"libvirt", CheckVerdict::kOk, listed(running), {}};
}

CheckResult mdevctl(const DoctorContext& context) {
    std::vector<std::string> starts;
    for (const auto& [device, external_managers] : context.external_managers)
        for (const ExternalManager& manager : external_managers)
            if (manager.tool == "mdevctl")
                starts.push_back(device.name);
    std::vector<std::string> twice;
    for (const policy::Rule& rule : context.assessment.policies.rules)
        for (const policy::MdevSpec& spec : rule.mdevs)
            if (spec.uuid && std::find(starts.begin(), starts.end(), *spec.uuid) != starts.end())
                twice.push_back(*spec.uuid + " by rule " + rule.name);
    const std::vector<std::string> ignored = binding::MdevStore(context.root).list({}).misnamed;
    if (twice.empty() && !ignored.empty())
        return {"mdevctl", CheckVerdict::kWarn,
                "passed over, since their names are not in lower case: " + listed(ignored),
                "rename or remove these files: their mdevs are not started"};
    if (starts.empty())
        return {"mdevctl", CheckVerdict::kOk, "no automatic mediated devices", {}};
    if (!twice.empty())
        return {"mdevctl", CheckVerdict::kWarn, "started by mdevctl as well: " + listed(twice),
                "mdevctl modify --manual for those, or remove them from the rule"};
    return {"mdevctl",
            CheckVerdict::kOk,
            counted(starts.size(), "mdev") +
                " started by it; `vfioctl import mdevctl` makes rules of them",
            {}};
}

/// An override that no rule wants, of a script or left by a tool: its driver binds the device at
/// the next probe.
CheckResult overrides(const DoctorContext& context) {
    std::vector<std::string> foreign;
    for (const sysfs::Device& device : context.assessment.inventory.devices)
        if (device.driver_override && context.rule(device.id) == nullptr &&
            !context.external_managers.contains(device.id) &&
            device.driver != device.driver_override)
            foreign.push_back(device.id.display() + " has " + *device.driver_override + ", is " +
                              (device.driver ? "on " + *device.driver : std::string("unbound")));
    if (foreign.empty())
        return {"overrides", CheckVerdict::kOk, "no unexplained driver_override", {}};
    return {"overrides", CheckVerdict::kWarn,
            "set by no rule and no known tool: " + listed(foreign),
            "`vfioctl bind --driver host DEVICE` clears one"};
}

}  // namespace

void check_external_managers(const DoctorContext& context, CheckResults& results) {
    results.push_back(driverctl(context));
    results.push_back(modprobe_ids(context));
    results.push_back(libvirt(context));
    results.push_back(mdevctl(context));
    results.push_back(overrides(context));
}

}  // namespace vfioctl
