// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sysfs/device/device.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// What people call a device. Absent where no database knows it.
struct HardwareNames {
    std::optional<std::string> vendor;      ///< "Intel Corporation"
    std::optional<std::string> device;      ///< "82574L Gigabit Network Connection"
    std::optional<std::string> base_class;  ///< "Network controller"
    std::optional<std::string> subclass;    ///< "Ethernet controller": what lspci shows

    auto operator<=>(const HardwareNames&) const = default;
};

/// The hardware database: udev's, which also knows what is on platform and other buses, else
/// pci.ids. Opened by the first question, answers kept: hosts have many devices of few models.
/// Names are no facts of a host, so for a captured one this machine's databases are asked; a
/// pci.ids below the root comes first.
class HardwareDatabase {
  public:
    explicit HardwareDatabase(const Root& root);
    HardwareDatabase(const HardwareDatabase&) = delete;
    HardwareDatabase& operator=(const HardwareDatabase&) = delete;
    HardwareDatabase(HardwareDatabase&&) noexcept;
    HardwareDatabase& operator=(HardwareDatabase&&) noexcept;
    ~HardwareDatabase();

    [[nodiscard]] const HardwareNames& names(const Device& device);
    /// Of the board that the chip sits on, where the database knows it: "Gigabit CT Desktop
    /// Adapter". Asked for one device at a time; it costs more than all other names.
    [[nodiscard]] std::optional<std::string> subsystem(const Device& device);
    /// Gives the files back until something else is asked: udev's is 12 MiB, and what was read of
    /// it stays in memory. Answers are kept.
    void close();

  private:
    class Sources;
    std::unique_ptr<Sources> sources_;
};

}  // namespace sysfs
