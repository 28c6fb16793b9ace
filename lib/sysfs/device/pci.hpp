// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sysfs/device/device.hpp"
#include "sysfs/device/device_dir.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// The attributes of PCI devices: ids (cdx has them too), header type, boot_vga, reset methods. The
/// revision is read separately: `uevent`, which has the other ids, lacks it.
[[nodiscard]] HardwareIds read_ids(const DeviceDir& device);
[[nodiscard]] std::optional<std::uint8_t> read_revision(const DeviceDir& device);
void read_pci(const DeviceDir& device, Device& out);
[[nodiscard]] std::vector<std::string> read_reset_methods(const DeviceDir& device);

/// "pci0000:00/01.0/00.0" of a PCI device's syspath. Bus numbers are omitted: firmware and hotplug
/// change them, slot numbers are fixed by the board.
[[nodiscard]] std::string pci_path(std::string_view syspath);

/// The firmware's names of slots, by the address that /sys/bus/pci/slots/NAME/address has.
class Slots {
  public:
    [[nodiscard]] static Slots read(const Root& root);
    [[nodiscard]] std::optional<std::string> find(std::string_view address) const;

  private:
    std::map<std::string, std::string, std::less<>> names_;  ///< "0000:01:00", or "0000:01"
};

}  // namespace sysfs
