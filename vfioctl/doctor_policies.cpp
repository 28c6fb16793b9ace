// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/stat.h>

#include <algorithm>

#include "vfioctl/doctor.hpp"

/// The policies, and how what they want stands.
namespace vfioctl {
namespace {

Finding policies(const Patient& patient) {
    const auto errors = std::count_if(
        patient.policies.diagnostics.begin(), patient.policies.diagnostics.end(),
        [](const policy::Diagnostic& d) { return d.severity == policy::Severity::kError; });
    if (errors > 0)
        return {"policies", Health::kFail,
                counted(static_cast<std::size_t>(errors), "error") + ", so none is in force",
                "`vfioctl policy check` shows them"};
    const policy::PolicySet& set = patient.world.policies;
    if (set.rules.empty())
        return {"policies", Health::kOk, "no rule: every device stays as it is", {}};
    return {"policies", Health::kOk,
            counted(set.rules.size(), "rule") + ", " + counted(set.variants.size(), "variant") +
                " in " + counted(set.files.size(), "file"),
            {}};
}

Finding states(const Patient& patient) {
    std::vector<std::string> bad;
    std::vector<std::string> open;
    std::size_t bound = 0;
    for (const sysfs::Device& device : patient.world.inventory.devices) {
        const binding::DeviceState state = patient.world.state(device);
        const std::string line = device.id.display() + " " + state.state +
                                 (state.reason ? ": " + *state.reason : std::string());
        if (state.state == "failed" || state.state == "stuck")
            bad.push_back(line);
        else if (state.state == "refused" || state.state == "conflict" || state.state == "pending")
            open.push_back(line);
        bound += state.state == "bound" ? 1 : 0;
    }
    if (!bad.empty())
        return {"devices", Health::kFail, listed(bad), "`vfioctl history` and `vfioctl explain` tell more"};
    if (!open.empty())
        return {"devices", Health::kWarn, listed(open), "`vfioctl plan` says what would be done, and why not"};
    if (bound == 0)
        return {"devices", Health::kSkip, "no rule wants any device here", {}};
    return {"devices", Health::kOk, std::to_string(bound) + " as wanted", {}};
}

/// A native driver that is part of the kernel binds before any program runs, so an override comes too late; a
/// module comes later than the early step.
Finding built_in(const Patient& patient) {
    std::vector<std::string> early;
    for (const sysfs::Device* device : patient.assignable()) {
        if (!device->driver || device->vfio)
            continue;
        const auto bus = patient.world.drivers.registered.find(device->id.bus);
        if (bus == patient.world.drivers.registered.end())
            continue;
        const auto driver = bus->second.find(*device->driver);
        if (driver != bus->second.end() && driver->second.empty())
            early.push_back(device->id.display() + " on " + *device->driver);
    }
    if (early.empty())
        return {"native-drivers", Health::kOk, "none of a wanted device is built into the kernel", {}};
    return {"native-drivers", Health::kWarn,
            "built into the kernel, so they have the device before a policy is read: " + listed(early),
            "they are unbound when policies are applied; what must never happen needs a kernel with that driver "
            "as a module"};
}

std::optional<timespec> changed(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return std::nullopt;
    return status.st_mtim;
}

bool is_before(const timespec& a, const timespec& b) {
    return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

Finding initramfs(const Patient& patient) {
    const std::string& kernel = patient.world.inventory.host.kernel;
    const bool hooked = changed(patient.root.path("/usr/share/initramfs-tools/hooks/bindd")) ||
                        changed(patient.root.path("/etc/initramfs-tools/hooks/bindd")) ||
                        changed(patient.root.path("/usr/lib/dracut/modules.d/90bindd"));
    if (!hooked)
        return {"initramfs", Health::kSkip, "policies are not part of it", {}};
    for (const std::string name : {"initrd.img-", "initramfs-"})
        for (const std::string suffix : {"", ".img"}) {
            const std::string path = "/boot/" + name + kernel + suffix;
            const auto made = changed(patient.root.path(path));
            if (!made)
                continue;
            for (const std::string& file : patient.world.policies.files)
                if (const auto edited = changed(file); edited && is_before(*made, *edited))
                    return {"initramfs", Health::kWarn, path + " is older than " + file,
                            "update-initramfs -u, or dracut -f"};
            return {"initramfs", Health::kOk, path + " is newer than every policy", {}};
        }
    return {"initramfs", Health::kSkip, "none found for kernel " + kernel, {}};
}

}  // namespace

void examine_policies(const Patient& patient, Findings& findings) {
    findings.push_back(policies(patient));
    findings.push_back(states(patient));
    findings.push_back(built_in(patient));
    findings.push_back(initramfs(patient));
}

}  // namespace vfioctl
