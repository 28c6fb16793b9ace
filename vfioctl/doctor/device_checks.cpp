// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/doctor/device_checks.hpp"

#include <algorithm>

#include "vfioctl/render/counted.hpp"

/// Checks of the devices that VFIO has, or that a rule wants for it.
namespace vfioctl {
namespace {

bool is_pci_function(const sysfs::Device& device) {
    return device.id.bus == "pci" && !device.is_bridge();
}

/// Without a way to reset it a device carries one user's state over to the next.
CheckResult resets(const DoctorContext& context) {
    std::vector<std::string> without;
    std::size_t count = 0;
    for (const sysfs::Device* device : context.assignable()) {
        if (!is_pci_function(*device))
            continue;
        ++count;
        if (device->reset_methods.empty())
            without.push_back(device->id.display());
    }
    if (count == 0)
        return {"reset", CheckVerdict::kSkip, "no PCI device is VFIO's or wanted for it", {}};
    if (without.empty())
        return {"reset", CheckVerdict::kOk, counted(count, "device") + ", each can be reset", {}};
    return {"reset", CheckVerdict::kWarn, "cannot be reset: " + listed(without),
            "give such a device to one guest only, and power-cycle the host in between"};
}

CheckResult console(const DoctorContext& context) {
    std::vector<std::string> boot;
    for (const sysfs::Device* device : context.assignable())
        if (device->boot_vga == true)
            boot.push_back(device->id.display());
    if (boot.empty())
        return {"console", CheckVerdict::kOk, "the boot display is not wanted for VFIO", {}};
    const std::string frame_buffers = context.text("/proc/fb").value_or("");
    return {"console", CheckVerdict::kWarn,
            listed(boot) + " is the boot display" +
                (frame_buffers.empty() ? "" : "; frame buffers: " + frame_buffers),
            "the host then has no display: use a serial or network console, and make sure that no "
            "frame buffer driver keeps its memory"};
}

CheckResult sriov(const DoctorContext& context) {
    std::vector<std::string> functions;
    for (const sysfs::Device& device : context.assessment.inventory.devices)
        if (device.sriov)
            functions.push_back(
                device.id.display() + ": " + std::to_string(device.sriov->enabled) + " of " +
                std::to_string(device.sriov->total) + " VFs" +
                (device.sriov->autoprobe == false ? ", native drivers kept off" : ""));
    if (functions.empty())
        return {"sriov", CheckVerdict::kSkip, "no device has SR-IOV", {}};
    return {"sriov", CheckVerdict::kOk, listed(functions), {}};
}

/// Why a device does not respond; empty: it does.
std::string silence(const sysfs::Device& device) {
    return device.stuck.empty() ? device.fault : device.stuck;
}

/// A device that goes to D3cold may not come back; vfio-pci powers unused ones down.
CheckResult power(const DoctorContext& context) {
    std::vector<std::string> dead;
    for (const sysfs::Device& device : context.assessment.inventory.devices)
        if (const std::string why = silence(device); !why.empty())
            dead.push_back(device.id.display() + " (" + why + ")");
    if (dead.empty())
        return {"power", CheckVerdict::kOk, "no PCI device is dead or lost", {}};
    const auto assignable = context.assignable();
    const bool fails =
        std::any_of(assignable.begin(), assignable.end(),
                    [](const sysfs::Device* device) { return !silence(*device).empty(); });
    return {"power", fails ? CheckVerdict::kFail : CheckVerdict::kWarn,
            "does not respond: " + listed(dead),
            "echo 1 > remove in its directory, then echo 1 > /sys/bus/pci/rescan; if it does not "
            "come back, power-cycle it. 0 in d3cold_allowed, or vfio_pci's disable_idle_d3=1, "
            "keeps a device from being powered down"};
}

}  // namespace

void check_devices(const DoctorContext& context, CheckResults& results) {
    results.push_back(resets(context));
    results.push_back(console(context));
    results.push_back(power(context));
    results.push_back(sriov(context));
}

}  // namespace vfioctl
