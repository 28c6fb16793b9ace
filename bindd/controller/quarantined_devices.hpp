// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sysfs/device/device.hpp"

namespace bindd {

/// A device whose kernel write did not come back.
struct StuckDevice {
    sysfs::DeviceId device;
    std::string txn;
    std::string why;  ///< which write, since when, and who holds the device
    auto operator<=>(const StuckDevice&) const = default;
};

/// Devices that must be neither read nor changed, because a read or write could hang: a transaction
/// on them did not return, an interrupted one is being rolled back, or a read of them hangs. A
/// value.
class QuarantinedDevices {
  public:
    /// Adds devices of a transaction (or read), and sets its reason.
    void add(const std::string& txn, const std::string& why,
             const std::set<sysfs::DeviceId>& devices);
    /// Another reason for all that the transaction has.
    void set_reason(const std::string& txn, const std::string& why);
    void release(const std::string& txn);

    [[nodiscard]] bool has(const std::string& txn) const { return entries_.contains(txn); }
    /// What the transaction has; nothing of one that is not known.
    [[nodiscard]] std::set<sysfs::DeviceId> devices_in(const std::string& txn) const;
    [[nodiscard]] std::set<sysfs::DeviceId> devices() const;
    /// Why it must not be touched; null if it may.
    [[nodiscard]] const std::string* reason(const sysfs::DeviceId& device) const;
    /// Leaves those that may be touched.
    void remove_from(std::vector<sysfs::DeviceId>& devices) const;
    /// All of them, by transaction.
    [[nodiscard]] std::vector<StuckDevice> list() const;

  private:
    struct QuarantineEntry {
        std::set<sysfs::DeviceId> devices;
        std::string why;
    };
    std::map<std::string, QuarantineEntry> entries_;  ///< by transaction
};

}  // namespace bindd
