// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sysfs/device/device.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// Vendor, model and class names of a device. Absent where no database has them.
struct HardwareNames {
    std::optional<std::string> vendor;      ///< "Intel Corporation"
    std::optional<std::string> device;      ///< "82574L Gigabit Network Connection"
    std::optional<std::string> base_class;  ///< "Network controller"
    std::optional<std::string> subclass;    ///< "Ethernet controller": what lspci shows

    auto operator<=>(const HardwareNames&) const = default;
};

/// The hardware database: udev's, which also has names of devices on platform and other buses, else
/// pci.ids. Opened at the first query; answers are cached, since hosts have many devices of few
/// models. A captured host has no database of its own: this machine's is used, but a pci.ids below
/// the root comes first.
class HardwareDatabase {
  public:
    explicit HardwareDatabase(const Root& root);
    HardwareDatabase(const HardwareDatabase&) = delete;
    HardwareDatabase& operator=(const HardwareDatabase&) = delete;
    HardwareDatabase(HardwareDatabase&&) noexcept;
    HardwareDatabase& operator=(HardwareDatabase&&) noexcept;
    ~HardwareDatabase();

    [[nodiscard]] const HardwareNames& names(const Device& device);
    /// The name of the board that has the chip, where the database has it: "Gigabit CT Desktop
    /// Adapter". It costs more than all other names.
    [[nodiscard]] std::optional<std::string> subsystem(const Device& device);
    /// Closes the files until the next query: udev's has 12 MiB, and its pages that were read stay
    /// resident. Cached answers remain.
    void close();

  private:
    class Sources;
    std::unique_ptr<Sources> sources_;
};

}  // namespace sysfs
