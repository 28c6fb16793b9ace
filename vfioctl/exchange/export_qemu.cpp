// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/exchange/export_qemu.hpp"

#include <algorithm>

/// `-device vfio-pci,host=...` and similar. With iommufd (QEMU 9.0) all devices share one object,
/// and so one address space.
namespace vfioctl {
namespace {

constexpr const char* kObject = "iommufd0";

/// QEMU's device model with the argument that selects the device.
CliResult<std::string> device_model(const ExportDevice& exported) {
    const sysfs::DeviceId& id = exported.device.id;
    if (exported.is_mdev()) {
        const std::string& api = exported.mdev_api;
        if (api == "vfio-pci" || api == "vfio-ccw" || api == "vfio-ap")
            return api + ",sysfsdev=/sys/bus/mdev/devices/" + id.name;
        return fail(ExitCode::kFailed, id.display(),
                    api.empty() ? "its parent does not say what kind of device it is"
                                : "QEMU has no device for the kind '" + api + "'");
    }
    if (id.bus == "pci") {
        const auto address = sysfs::scan_pci_address(id.name);
        if (address && address->domain > kHighestQemuDomain)
            return "vfio-pci,sysfsdev=/sys/bus/pci/devices/" + id.name;
        return "vfio-pci,host=" + id.name;
    }
    return fail(ExitCode::kFailed, id.display(),
                "QEMU has no device that takes any device of the bus " + id.bus,
                id.bus == "css" ? "a mediated device on it can be exported" : "");
}

}  // namespace

std::string qemu_warning(const ExportDevice& exported) {
    const sysfs::Device& device = exported.device;
    if (exported.is_mdev())
        return {};
    if (device.vfio && device.vfio->group && device.vfio->group->starts_with("noiommu-"))
        return "its group is /dev/vfio/" + *device.vfio->group +
               ", without an IOMMU: QEMU does not open such a group";
    return device.iommu_group ? "" : "has no IOMMU group: QEMU does not take it";
}

CliResult<std::vector<std::string>> qemu_arguments(const std::vector<ExportDevice>& exports,
                                                   ExportBackend backend) {
    std::vector<std::string> out;
    if (backend == ExportBackend::kIommufd)
        out = {"-object", std::string("iommufd,id=") + kObject};
    for (const ExportDevice& exported : exports) {
        auto model = TRY(device_model(exported));
        out.emplace_back("-device");
        out.push_back(
            model + (backend == ExportBackend::kIommufd ? std::string(",iommufd=") + kObject : ""));
    }
    return out;
}

}  // namespace vfioctl
