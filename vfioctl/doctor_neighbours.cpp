// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "policy/match.hpp"
#include "vfioctl/doctor.hpp"
#include "vfioctl/driverctl_files.hpp"
#include "vfioctl/imported.hpp"

/// Other tools that bind: each is good company until it wants something else of a device than a rule does.
namespace vfioctl {
namespace {

std::optional<std::string> wanted_driver(const Patient& patient, const sysfs::DeviceId& id) {
    const policy::Rule* rule = patient.rule(id);
    if (rule == nullptr || !rule->driver)
        return std::nullopt;
    switch (rule->driver->kind) {
        case policy::DriverWish::Kind::kHost: return "host";
        case policy::DriverWish::Kind::kNone: return "none";
        case policy::DriverWish::Kind::kChain: break;
    }
    const auto usable = patient.world.decision(id)->chain.usable();
    if (usable.empty())
        return std::nullopt;
    return usable.front().driver.value_or(usable.front().module.value_or(""));
}

Finding driverctl(const Patient& patient) {
    std::vector<std::string> quarrels;
    std::vector<std::string> broken;
    std::size_t count = 0;
    for (const DriverctlEntry& entry : read_driverctl(patient.root)) {
        ++count;
        const auto wanted = wanted_driver(patient, entry.device);
        if (!entry.problem.empty())
            broken.push_back(entry.path + ": " + entry.problem);
        else if (wanted && *wanted != entry.driver)
            quarrels.push_back(entry.device.display() + ": driverctl binds " + entry.driver + ", rule " +
                               patient.rule(entry.device)->name + " wants " + *wanted);
    }
    if (count == 0)
        return {"driverctl", Health::kOk, "not in use", {}};
    if (!quarrels.empty())
        return {"driverctl", Health::kWarn, listed(quarrels),
                "remove driverctl's override, or the rule; `vfioctl import driverctl` makes rules of all"};
    if (!broken.empty())
        return {"driverctl", Health::kWarn, listed(broken), "mend or remove the file"};
    return {"driverctl", Health::kOk,
            counted(count, "override") + ", none against a rule; `vfioctl import driverctl` makes rules of them",
            {}};
}

/// ids= takes every device of an id: also those that no rule gives away.
Finding modprobe_ids(const Patient& patient) {
    const Imported imported = import_modprobe(patient.root);
    std::vector<std::string> stray;
    for (const policy::Rule& rule : imported.set.rules)
        for (const sysfs::Device& device : patient.world.inventory.devices) {
            if (!policy::matches(rule.match, device, patient.world.inventory))
                continue;
            const std::string driver = rule.driver->chain.front().driver;
            const auto wanted = wanted_driver(patient, device.id);
            if (!wanted || *wanted != driver)
                stray.push_back(device.id.display() + " for " + driver +
                                (wanted ? ", a rule wants " + *wanted : std::string(", no rule wants it")));
        }
    if (imported.set.rules.empty())
        return {"modprobe-ids", Health::kOk, "vfio-pci and pci-stub are given no ids", {}};
    if (stray.empty())
        return {"modprobe-ids", Health::kOk,
                counted(imported.set.rules.size(), "id") + ", all as the rules want", {}};
    return {"modprobe-ids", Health::kWarn, "ids= takes " + listed(stray),
            "`vfioctl import modprobe` makes rules of them; then take ids= out"};
}

Finding libvirt(const Patient& patient) {
    std::vector<std::string> running;
    std::vector<std::string> managed;
    for (const auto& [device, neighbours] : patient.neighbours)
        for (const Neighbour& neighbour : neighbours)
            if (neighbour.tool == "libvirt") {
                const bool binds = neighbour.text.find("managed='yes'") != std::string::npos;
                const std::string line = device.display() + ": " + neighbour.text;
                (binds && patient.rule(device) != nullptr ? managed : running).push_back(line);
            }
    if (!managed.empty())
        return {"libvirt", Health::kWarn,
                "it and a rule both bind: " + listed(managed),
                "managed='no' in the domain: `vfioctl export libvirt` prints it"};
    if (running.empty())
        return {"libvirt", Health::kOk, "no running domain has a device, and none takes one by itself", {}};
    return {"libvirt", Health::kOk, listed(running), {}};
}

Finding mdevctl(const Patient& patient) {
    std::vector<std::string> starts;
    for (const auto& [device, neighbours] : patient.neighbours)
        for (const Neighbour& neighbour : neighbours)
            if (neighbour.tool == "mdevctl")
                starts.push_back(device.name);
    std::vector<std::string> twice;
    for (const policy::Rule& rule : patient.world.policies.rules)
        for (const policy::MdevWish& wish : rule.mdevs)
            if (wish.uuid && std::find(starts.begin(), starts.end(), *wish.uuid) != starts.end())
                twice.push_back(*wish.uuid + " by rule " + rule.name);
    if (starts.empty())
        return {"mdevctl", Health::kOk, "starts nothing by itself", {}};
    if (!twice.empty())
        return {"mdevctl", Health::kWarn, "started by mdevctl as well: " + listed(twice),
                "mdevctl modify --manual for those, or take them out of the rule"};
    return {"mdevctl", Health::kOk,
            counted(starts.size(), "mdev") + " started by it; `vfioctl import mdevctl` makes rules of them",
            {}};
}

/// An override that no rule asks for: a script's, or what a tool left behind. It takes the device when it is
/// probed the next time.
Finding overrides(const Patient& patient) {
    std::vector<std::string> foreign;
    for (const sysfs::Device& device : patient.world.inventory.devices)
        if (device.driver_override && patient.rule(device.id) == nullptr &&
            !patient.neighbours.contains(device.id) && device.driver != device.driver_override)
            foreign.push_back(device.id.display() + " has " + *device.driver_override + ", is " +
                              (device.driver ? "on " + *device.driver : std::string("unbound")));
    if (foreign.empty())
        return {"overrides", Health::kOk, "none that nobody asked for", {}};
    return {"overrides", Health::kWarn, "no rule and no known tool asks for: " + listed(foreign),
            "`vfioctl bind --driver host DEVICE` clears one"};
}

}  // namespace

void examine_neighbours(const Patient& patient, Findings& findings) {
    findings.push_back(driverctl(patient));
    findings.push_back(modprobe_ids(patient));
    findings.push_back(libvirt(patient));
    findings.push_back(mdevctl(patient));
    findings.push_back(overrides(patient));
}

}  // namespace vfioctl
