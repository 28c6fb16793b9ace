// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/dir.hpp"

namespace sysfs {

/// An id as the kernel prints it: "0x8086" on pci, bare hex on some other buses.
[[nodiscard]] std::optional<std::uint64_t> parse_hardware_id(const std::string& text);

/// A device's open directory, one listing of it, and its `uevent` once that is set, which has
/// class, ids and modalias in one read. Reading an attribute that is not listed costs no system
/// call.
class DeviceDir {
  public:
    /// `devices` is the device directory of a bus, `name` an entry of it.
    [[nodiscard]] static base::Result<DeviceDir> open(const base::Dir& devices,
                                                      const std::string& name);

    void set_uevent(std::string text) { uevent_ = std::move(text); }

    /// Reads the listing again. False when the device is gone; `uevent` keeps its text.
    [[nodiscard]] bool relist();

    [[nodiscard]] bool has(std::string_view name) const { return listing_.has(name); }
    [[nodiscard]] std::optional<std::string> attr(const std::string& name) const {
        return has(name) ? dir_.attr(name) : std::nullopt;
    }
    /// number(): decimal, or hex with 0x. id(): hex with or without 0x, as the bus prints it.
    [[nodiscard]] std::optional<std::uint64_t> number(const std::string& name) const;
    [[nodiscard]] std::optional<std::uint64_t> id(const std::string& name) const;
    [[nodiscard]] std::optional<std::string> link_name(const std::string& name) const {
        return has(name) ? dir_.link_name(name) : std::nullopt;
    }
    /// The value of a line KEY=VALUE of `uevent`; not empty.
    [[nodiscard]] std::optional<std::string_view> uevent(std::string_view key) const;
    [[nodiscard]] const std::string& uevent_text() const { return uevent_; }

    [[nodiscard]] const base::Dir& dir() const { return dir_; }
    [[nodiscard]] const base::DirListing& listing() const { return listing_; }

  private:
    DeviceDir(base::Dir dir, base::DirListing listing)
        : dir_(std::move(dir)), listing_(std::move(listing)) {}
    base::Dir dir_;
    base::DirListing listing_;
    std::string uevent_;
};

}  // namespace sysfs
