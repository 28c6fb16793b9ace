// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/kernel/errno_hint.hpp"

#include <fmt/format.h>

#include <cerrno>

#include "sysfs/device/group.hpp"

namespace sysfs {
namespace {

// vfio-pci's probe takes PCI_HEADER_TYPE_NORMAL only; the type is the low 7 bits of byte 0x0e,
// which anyone may read (the first 64 bytes of config space need no capability).
bool is_bridge(const base::Dir& device) {
    const auto config = device.read_bytes("config", 0x0f);
    return config && config->size() == 0x0f && (config->at(0x0e) & 0x7f) != 0;
}

// EBUSY: device_driver_attach() when a driver is there already · vfio_pci_core_register_device() on
// a PF with VFs · iommu_device_use_default_domain() when VFIO owns the group's DMA.
std::string busy_hint(const base::Dir& device, const std::string& driver) {
    if (const auto bound = device.link_name("driver"))
        return fmt::format("it is bound to {}: unbind it from there first", *bound);
    if (const auto vfs = device.number("sriov_numvfs"); vfs && *vfs > 0) {
        return fmt::format("{} VFs are enabled and {} takes no such PF: set its VFs to 0 first",
                           *vfs, driver);
    }
    if (const auto group = device.link_name("iommu_group"); group && !is_vfio_driver(driver)) {
        return fmt::format(
            "a program holds another device of IOMMU group {} open through VFIO: end it", *group);
    }
    return {};
}

// EINVAL from a VFIO driver's probe: a bridge header · no IOMMU group without noiommu · denylisted
// id.
std::string invalid_hint(const base::Dir& device, const std::string& driver) {
    if (!is_vfio_driver(driver))
        return {};
    if (is_bridge(device))
        return "it is a bridge, which VFIO does not take: leave it with its driver";
    if (!device.has("iommu_group")) {
        return "it is in no IOMMU group: enable the IOMMU in the firmware and on the kernel's "
               "command "
               "line (intel_iommu=on)";
    }
    return "vfio-pci denies some ids (QAT, DSA, IAA) unless it is loaded with disable_denylist=1";
}

// ENODEV: neither an id nor the override matches, or the probe itself said so.
std::string no_device_hint(const base::Dir& device, const std::string& driver) {
    if (device.attr("driver_override") != driver)
        return fmt::format("no id of {} matches it, and its driver_override does not name {}",
                           driver, driver);
    return fmt::format("{}'s probe refused it: the kernel log may say why", driver);
}

}  // namespace

std::string bind_hint(const base::Dir& device, const std::string& driver, int errnum) {
    switch (errnum) {
        case EBUSY:
            return busy_hint(device, driver);
        case EINVAL:
            return invalid_hint(device, driver);
        case ENODEV:
            return no_device_hint(device, driver);
        case EAGAIN:
            return "its probe is deferred until a device it needs has a driver; the kernel tries "
                   "again "
                   "by itself";
        case EPERM:
        case EACCES:
            return "binding drivers takes root";
        default:
            return {};
    }
}

// sriov_numvfs_store(): ERANGE above sriov_totalvfs · EBUSY from one number to another · ENOENT
// when the PF has no driver or its driver cannot configure SR-IOV. sriov_enable(): ENOMEM when the
// BARs or the bus numbers of the VFs have no room · ENODEV and ENOSYS for the PF that this one
// depends on · EIO for a wrong number of VFs in the device. sriov_add_vfs(): EEXIST from
// device_add(). ENOSPC is none of theirs: drivers return it when vectors or queues do not suffice.
std::string vfs_hint(const base::Dir& device, int errnum) {
    switch (errnum) {
        case ERANGE:
            return fmt::format("it has at most {} VFs",
                               device.attr("sriov_totalvfs").value_or("some"));
        case EBUSY:
            return fmt::format("{} VFs are enabled: 0 has to come first",
                               device.attr("sriov_numvfs").value_or("other"));
        case ENOENT:
            return device.has("driver") ? fmt::format("its driver {} cannot make VFs",
                                                      device.link_name("driver").value_or("?"))
                                        : "a PF without a driver cannot make VFs: bind it first";
        case ENOMEM:
            return "the firmware left no room on the bus for VFs: see pci=realloc";
        case ENOSPC:
            return fmt::format(
                "its driver {} has no vectors or queues left for them: ask for fewer",
                device.link_name("driver").value_or("?"));
        case EEXIST:
            return "a device sits where a VF would come, left over from a PF that was removed: "
                   "remove it by its own `remove` attribute";
        default:
            return {};
    }
}

// On the AP bus driver_override and the apmask/aqmask pair exclude each other: EINVAL on one once
// the other is used.
std::string attr_hint(const std::string& attr, int errnum) {
    if (errnum == EINVAL && attr == "driver_override")
        return "on the bus ap an override and changed apmask or aqmask exclude each other";
    if (errnum == EPERM || errnum == EACCES)
        return "writing to devices takes root, and an attribute that can be written";
    return {};
}

// mdev_device_create(): EEXIST for a UUID in use · EUSERS (older parents: ENOSPC) when no instance
// is left.
std::string mdev_hint(int errnum) {
    switch (errnum) {
        case EEXIST:
            return "a mediated device with this UUID exists already";
        case EUSERS:
        case ENOSPC:
            return "the parent has no instance of this type left: see available_instances";
        default:
            return {};
    }
}

}  // namespace sysfs
