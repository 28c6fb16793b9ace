// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/doctor/policy_checks.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "vfioctl/pipeline/policy_review.hpp"
#include "vfioctl/render/counted.hpp"

/// The policies, and the states of the devices they want.
namespace vfioctl {
namespace {

CheckResult policies(const DoctorContext& context) {
    const auto errors =
        std::count_if(context.policies.diagnostics.begin(), context.policies.diagnostics.end(),
                      [](const policy::Diagnostic& d) {
                          return d.severity == policy::DiagnosticSeverity::kError;
                      });
    if (errors > 0)
        return {"policies", CheckVerdict::kFail,
                counted(static_cast<std::size_t>(errors), "error") + "; no policy is loaded",
                "`vfioctl policy check` shows them"};
    const policy::PolicySet& set = context.assessment.policies;
    if (set.rules.empty())
        return {"policies", CheckVerdict::kOk, "no rule: every device stays as it is", {}};
    const std::string counts = counted(set.rules.size(), "rule") + ", " +
                               counted(set.variants.size(), "variant") + " in " +
                               counted(set.files.size(), "file");
    if (context.policy_warnings.empty())
        return {"policies", CheckVerdict::kOk, counts, {}};
    std::vector<std::string> warnings;
    for (const policy::Diagnostic& warning : context.policy_warnings)
        warnings.push_back(sentence(warning));
    return {"policies", CheckVerdict::kWarn, counts + "; " + listed(warnings),
            "`vfioctl policy check` shows them; edit or remove what is not meant"};
}

CheckResult states(const DoctorContext& context) {
    std::vector<std::string> bad;
    std::vector<std::string> open;
    std::size_t bound = 0;
    for (const sysfs::Device& device : context.assessment.inventory.devices) {
        const binding::DeviceState state = context.assessment.state(device);
        const std::string line = device.id.display() + " " + binding::state_line(state);
        if (state.state == "failed" || state.state == "stuck")
            bad.push_back(line);
        else if (state.state == "refused" || state.state == "conflict" ||
                 state.state == "pending" || !state.note.empty())
            open.push_back(line);
        bound += state.state == "bound" ? 1 : 0;
    }
    if (!bad.empty())
        return {"devices", CheckVerdict::kFail, listed(bad),
                "`vfioctl history` and `vfioctl explain` show details"};
    if (!open.empty())
        return {"devices", CheckVerdict::kWarn, listed(open),
                "`vfioctl plan` shows what would be done and what prevents it"};
    if (bound == 0)
        return {"devices", CheckVerdict::kSkip, "no rule wants any device here", {}};
    return {"devices", CheckVerdict::kOk, std::to_string(bound) + " as wanted", {}};
}

/// A native driver that is part of the kernel binds before any program runs, so an override comes
/// too late; a module comes later than the early step.
CheckResult built_in(const DoctorContext& context) {
    std::vector<std::string> early;
    for (const sysfs::Device* device : context.assignable()) {
        if (!device->driver || device->vfio)
            continue;
        const auto bus = context.assessment.drivers.registered.find(device->id.bus);
        if (bus == context.assessment.drivers.registered.end())
            continue;
        const auto driver = bus->second.find(*device->driver);
        if (driver != bus->second.end() && driver->second.empty())
            early.push_back(device->id.display() + " on " + *device->driver);
    }
    if (early.empty())
        return {"native-drivers",
                CheckVerdict::kOk,
                "none of a wanted device is built into the kernel",
                {}};
    return {
        "native-drivers", CheckVerdict::kWarn,
        "built into the kernel, so they have the device before a policy is read: " + listed(early),
        "they are unbound when policies are applied; to prevent binding at all, build that driver "
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

CheckResult initramfs(const DoctorContext& context) {
    const std::string& kernel = context.assessment.inventory.host.kernel;
    const bool hooked = changed(context.root.path("/usr/share/initramfs-tools/hooks/bindd")) ||
                        changed(context.root.path("/etc/initramfs-tools/hooks/bindd")) ||
                        changed(context.root.path("/usr/lib/dracut/modules.d/80bindd"));
    if (!hooked)
        return {"initramfs", CheckVerdict::kSkip, "policies are not part of it", {}};
    for (const std::string name : {"initrd.img-", "initramfs-"})
        for (const std::string suffix : {"", ".img"}) {
            const std::string path = "/boot/" + name + kernel + suffix;
            const auto made = changed(context.root.path(path));
            if (!made)
                continue;
            for (const std::string& file : context.assessment.policies.files)
                if (const auto edited = changed(file); edited && is_before(*made, *edited))
                    return {"initramfs", CheckVerdict::kWarn, path + " is older than " + file,
                            "update-initramfs -u, or dracut -f"};
            return {"initramfs", CheckVerdict::kOk, path + " is newer than every policy", {}};
        }
    return {"initramfs", CheckVerdict::kSkip, "none found for kernel " + kernel, {}};
}

}  // namespace

void check_policies(const DoctorContext& context, CheckResults& results) {
    results.push_back(policies(context));
    results.push_back(states(context));
    results.push_back(built_in(context));
    results.push_back(initramfs(context));
}

}  // namespace vfioctl
