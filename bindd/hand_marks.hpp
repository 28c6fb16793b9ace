// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>

#include "sysfs/inventory.hpp"

namespace bindd {

/// Devices that someone bound or released by hand: events do not undo that. It holds until `apply` or a reload says
/// otherwise, the device goes, or the host boots. A file below /run, so that it outlives the daemon.
class HandMarks {
  public:
    enum class What { kBound, kReleased };

    /// What the file says; an absent or unreadable one says nothing.
    [[nodiscard]] static HandMarks read(std::string path);

    void set(const sysfs::Device& device, What what);
    void clear(const sysfs::DeviceId& device);
    void clear_all();
    /// Those of devices that are not there, or are others now, are dropped.
    void keep(const sysfs::Inventory& inventory);
    [[nodiscard]] std::optional<What> of(const sysfs::DeviceId& device) const;
    /// Writes the file if something has changed since.
    [[nodiscard]] sysfs::Result<void> save();

  private:
    struct Mark {
        What what = What::kBound;
        std::string modalias;
        auto operator<=>(const Mark&) const = default;
    };
    explicit HandMarks(std::string path) : path_(std::move(path)) {}

    std::string path_;
    std::map<sysfs::DeviceId, Mark> marks_;
    std::map<sysfs::DeviceId, Mark> saved_;
};

}  // namespace bindd
