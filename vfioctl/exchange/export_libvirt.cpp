// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/exchange/export_libvirt.hpp"

/// https://libvirt.org/formatdomain.html, host device assignment. `model` of <driver> is known
/// since 10.0.0; it is written for variants only, of which earlier versions know nothing anyway.
namespace vfioctl {
namespace {

std::string pci_hostdev(const ExportDevice& exported, const sysfs::PciAddress& address) {
    std::string out = "<hostdev mode='subsystem' type='pci' managed='no'>\n";
    if (exported.driver && *exported.driver != "vfio-pci" &&
        sysfs::is_vfio_driver(*exported.driver))
        out += "  <driver name='vfio' model='" + *exported.driver + "'/>\n";
    return out + "  <source>\n    <address domain='0x" + base::to_hex(address.domain, 4) +
           "' bus='0x" + base::to_hex(address.bus, 2) + "' slot='0x" +
           base::to_hex(address.slot, 2) + "' function='0x" + base::to_hex(address.function, 1) +
           "'/>\n  </source>\n</hostdev>\n";
}

CliResult<std::string> mdev_hostdev(const ExportDevice& exported) {
    const std::string& api = exported.mdev_api;
    if (api != "vfio-pci" && api != "vfio-ccw" && api != "vfio-ap")
        return fail(ExitCode::kFailed, exported.device.id.display(),
                    api.empty() ? "its parent does not say what kind of device it is"
                                : "libvirt has no mediated device of the kind '" + api + "'");
    return "<hostdev mode='subsystem' type='mdev' model='" + api +
           "'>\n  <source>\n    <address uuid='" + exported.device.id.name +
           "'/>\n  </source>\n</hostdev>\n";
}

}  // namespace

CliResult<std::string> libvirt_hostdev(const ExportDevice& exported) {
    if (exported.is_mdev())
        return mdev_hostdev(exported);
    const sysfs::DeviceId& id = exported.device.id;
    const auto address = sysfs::scan_pci_address(id.name);
    if (id.bus == "pci" && address)
        return pci_hostdev(exported, *address);
    return fail(ExitCode::kFailed, id.display(), "libvirt assigns no devices of the bus " + id.bus,
                id.bus == "css" ? "a mediated device on it can be exported" : "");
}

}  // namespace vfioctl
