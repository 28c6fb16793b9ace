// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "sysfs/device/inventory.hpp"

namespace bindd {

/// Devices that were bound or released manually: events do not undo that. It holds until an
/// `apply`, a change of what the device's own rule asks for, or a boot, and while the device is
/// present. Saved in a file below /run,
/// so that it survives a restart of the daemon. A value without I/O.
class ManualState {
  public:
    enum class ManualAction { kBound, kReleased };

    /// The text of the file; malformed lines are skipped.
    [[nodiscard]] static ManualState parse(const std::string& text);

    void set(const sysfs::Device& device, ManualAction action);
    void clear(const sysfs::DeviceId& device);
    void clear_all();
    /// Drops the entries of other devices.
    void keep_if(const std::function<bool(const sysfs::DeviceId&)>& keeps);
    /// Drops entries of devices that are absent, or have been replaced by other ones.
    void prune(const sysfs::Inventory& inventory);
    [[nodiscard]] std::optional<ManualAction> find(const sysfs::DeviceId& device) const;

    /// The text to save; nothing if it has not changed since the last call.
    [[nodiscard]] std::optional<std::string> take_unsaved();
    /// What was taken last could not be saved.
    void mark_unsaved();

  private:
    struct DeviceMark {
        ManualAction action = ManualAction::kBound;
        std::string modalias;
        auto operator<=>(const DeviceMark&) const = default;
    };
    using Entries = std::map<sysfs::DeviceId, DeviceMark>;

    Entries entries_;
    std::optional<Entries> saved_ = Entries{};  ///< nothing: unknown
};

}  // namespace bindd
