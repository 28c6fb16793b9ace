// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/usage_firmware.hpp"

#include <sstream>
#include <string>

#include "base/file_io.hpp"
#include "sysfs/host/memory_map.hpp"

namespace sysfs {

// Lines are "0x00000000000e0000 0x00000000000fffff direct" (iommu_group_show_resv_regions()). The
// kernel refuses to give up the identity mapping of a direct region: on Intel since 3.17
// (device_is_rmrr_locked(), EPERM), everywhere since 6.7 (dev->iommu->require_direct, EINVAL).
// Older kernels on AMD do not, so this can be forced. Regions of USB and graphics are
// "direct-relaxable" (device_rmrr_is_relaxable()): the firmware's only until a driver takes over.
void find_firmware_memory(const Root& root, UsageCheck& check) {
    const auto& group = check.subtree.device.iommu_group;
    if (!group)
        return;
    const std::string path =
        "/sys/kernel/iommu_groups/" + std::to_string(*group) + "/reserved_regions";
    const auto text = base::read_file(root.path(path));
    if (!text && text.error().code != base::Code::kNotFound)
        check.add(UseKind::kUnknown, "whether the firmware uses its memory is unknown",
                  text.error().text());
    std::istringstream lines(text.value_or(""));
    for (std::string first, last, type; lines >> first >> last >> type;)
        if (type == "direct")
            check.add(UseKind::kFirmwareMemory,
                      "the firmware keeps memory for DMA in its group, so the kernel does not give "
                      "it to VFIO",
                      first.append("-").append(last));
}

// "140000000-1bfffffff : System RAM (virtio_mem)" two blanks below "virtio3", or "System RAM
// (kmem)" below "dax0.0" of a memory expander (add_memory_driver_managed()).
void find_system_memory(const Root& root, std::span<UsageCheck> checks) {
    visit_memory_map(root, [&checks](std::span<const std::string> path) {
        if (!path.back().starts_with("System RAM"))
            return;
        for (UsageCheck& check : checks)
            for (const std::string& owner : path)
                if (check.subtree.bus_names.contains(owner))
                    check.add_essential(UseKind::kHolder, "memory of the host is on it",
                                        path.back() + " of " + owner);
    });
}

}  // namespace sysfs
