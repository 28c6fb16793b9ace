// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An attribute whose show function takes the device's lock (device_lock()) does not return while an
// unbind, a bind or a removal of the device does not: __device_release_driver() holds the lock over
// the driver's remove(), and that of a VFIO driver waits for the last user
// (vfio_unregister_group_dev()). The reader waits in the kernel, where no signal reaches it.
//
//   attribute             waits in                     in which kernels
//   driver_override       driver_override_show()       since its races were fixed in 2017, until
//   the
//                                                      driver core keeps it behind a spinlock (7.0;
//                                                      Debian's 6.12.117): pci, platform, amba,
//                                                      css, spi, vmbus, rpmsg; not fsl-mc, not cdx
//   uevent                uevent_show()                6.10, 6.12 to 6.14, and the stable branches
//                                                      that took it over (Debian's 6.1); not 6.11,
//                                                      not since 6.15
//   sriov_numvfs          sriov_numvfs_show()          5.5 to 6.8
//   sriov_vf_total_msix   sriov_vf_total_msix_show()   since 5.13, in which it came
//   waiting_for_supplier  waiting_for_supplier_show()  since 5.12, in which it came
//   state_synced          state_synced_show()          since 5.9, in which it came
//   vpd, config           pci_vpd_read(): the device;  all
//                         pci_wait_cfg(): a reset
//   what a policy names   unknown                      unknown
//
// driver_override and uevent are needed, and nothing else tells what the override is. The links
// virtfnN tell what sriov_numvfs would; the next three are not needed. vpd and the whole of config
// are read for a serial number only. The other attributes of a PCI device (pci_dev_attrs,
// pcie_dev_attrs) take no lock and are read anywhere.
#include "sysfs/device/locking_attributes.hpp"

#include "sysfs/device/names.hpp"
#include "sysfs/device/serial.hpp"

namespace sysfs {
namespace {

/// An absent text is empty.
std::string encode_optional(const std::optional<std::string>& text) {
    return text ? "=" + *text : std::string();
}

std::optional<std::string> decode_optional(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text.substr(1));
}

}  // namespace

std::vector<std::string> LockingAttributes::to_texts() const {
    std::vector<std::string> texts{uevent, encode_optional(driver_override),
                                   encode_optional(serial)};
    for (const auto& [name, value] : attrs)
        texts.insert(texts.end(), {name, value});
    return texts;
}

LockingAttributes LockingAttributes::from_texts(const std::vector<std::string>& texts) {
    constexpr std::size_t kFixed = 3;
    LockingAttributes out;
    if (texts.size() < kFixed)
        return out;
    out.uevent = texts[0];
    out.driver_override = decode_optional(texts[1]);
    out.serial = decode_optional(texts[2]);
    for (std::size_t at = kFixed; at + 1 < texts.size(); at += 2)
        out.attrs.emplace(texts[at], texts[at + 1]);
    return out;
}

std::string read_uevent(const base::Dir& device) {
    return device.attr("uevent").value_or("");
}

std::optional<std::string> read_override(const base::Dir& device) {
    auto text = device.attr("driver_override");
    return text && !text->empty() && *text != "(null)" ? text : std::nullopt;
}

LockingAttributes read_locking_attributes(const base::Dir& device, const ScanOptions& wanted) {
    LockingAttributes out;
    out.uevent = read_uevent(device);
    out.driver_override = read_override(device);
    if (wanted.serial)
        out.serial = read_serial(device);
    for (const std::string& name : wanted.attrs)
        if (parse_attr_name(name))
            if (auto value = device.attr(name))
                out.attrs.emplace(name, std::move(*value));
    return out;
}

}  // namespace sysfs
