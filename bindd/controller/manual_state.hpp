// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>

#include "sysfs/device/inventory.hpp"

namespace bindd {

/// Devices that someone bound or released by hand: events do not undo that. It holds until `apply`
/// or a reload says otherwise, the device goes, or the host boots. A file below /run, so that it
/// outlives the daemon.
class ManualState {
  public:
    enum class ManualAction { kBound, kReleased };

    /// What the file says; an absent or unreadable one says nothing.
    [[nodiscard]] static ManualState read(std::string path);

    void set(const sysfs::Device& device, ManualAction what);
    void clear(const sysfs::DeviceId& device);
    void clear_all();
    /// Those of devices that are not there, or are others now, are dropped.
    void prune(const sysfs::Inventory& inventory);
    [[nodiscard]] std::optional<ManualAction> find(const sysfs::DeviceId& device) const;
    /// Writes the file if something has changed since.
    [[nodiscard]] base::Result<void> save();

  private:
    struct DeviceMark {
        ManualAction what = ManualAction::kBound;
        std::string modalias;
        auto operator<=>(const DeviceMark&) const = default;
    };
    explicit ManualState(std::string path) : path_(std::move(path)) {}

    std::string path_;
    std::map<sysfs::DeviceId, DeviceMark> entries_;
    std::map<sysfs::DeviceId, DeviceMark> saved_;
};

}  // namespace bindd
