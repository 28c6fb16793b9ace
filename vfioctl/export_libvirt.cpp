// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/exported.hpp"

/// https://libvirt.org/formatdomain.html, host device assignment. `model` of <driver> is known since 10.0.0; it is
/// written for variants only, of which earlier versions know nothing anyway.
namespace vfioctl {
namespace {

std::string pci_hostdev(const Subject& subject, const sysfs::PciAddress& address) {
    std::string out = "<hostdev mode='subsystem' type='pci' managed='no'>\n";
    if (subject.driver && *subject.driver != "vfio-pci" && sysfs::is_vfio_driver(*subject.driver))
        out += "  <driver name='vfio' model='" + *subject.driver + "'/>\n";
    return out + "  <source>\n    <address domain='0x" + sysfs::hex(address.domain, 4) + "' bus='0x" +
           sysfs::hex(address.bus, 2) + "' slot='0x" + sysfs::hex(address.slot, 2) +
           "' function='0x" + sysfs::hex(address.function, 1) + "'/>\n  </source>\n</hostdev>\n";
}

Outcome<std::string> mdev_hostdev(const Subject& subject) {
    const std::string& api = subject.mdev_api;
    if (api != "vfio-pci" && api != "vfio-ccw" && api != "vfio-ap")
        return fail(ExitCode::kFailed, subject.device.id.display(),
                    api.empty() ? "its parent does not say what kind of device it is"
                                : "libvirt has no mediated device of the kind '" + api + "'");
    return "<hostdev mode='subsystem' type='mdev' model='" + api +
           "'>\n  <source>\n    <address uuid='" + subject.device.id.name +
           "'/>\n  </source>\n</hostdev>\n";
}

}  // namespace

Outcome<std::string> libvirt_hostdev(const Subject& subject) {
    if (subject.is_mdev())
        return mdev_hostdev(subject);
    const sysfs::DeviceId& id = subject.device.id;
    const auto address = sysfs::scan_pci_address(id.name);
    if (id.bus == "pci" && address)
        return pci_hostdev(subject, *address);
    return fail(ExitCode::kFailed, id.display(), "libvirt assigns no devices of the bus " + id.bus,
                id.bus == "css" ? "a mediated device on it can be exported" : "");
}

}  // namespace vfioctl
