// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "binding/report/device_report.hpp"
#include "policy/yaml/parse_policy.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/usage/usage.hpp"

namespace binding {

/// The host as the daemon sees it, for vfioctl: what the decisions are made from, and each device's
/// state. The policies come as their texts, so that every `file:line` stays true.
struct HostSnapshot {
    struct DeviceStatus {
        DeviceState state;
        std::string path;  ///< on the bus
    };
    sysfs::Inventory inventory;
    sysfs::Usage usage;
    std::vector<policy::SourceFile> sources;  ///< of the policies in force
    /// The errors of the files as they are now, rendered; empty: these are in force.
    std::string policy_error;
    std::map<sysfs::DeviceId, DeviceStatus> statuses;
};

/// Writes a snapshot as text, a line of JSON for each part.
class SnapshotWriter {
  public:
    void add(const sysfs::Inventory& inventory);
    void add(const sysfs::Usage& usage);
    void add(const policy::SourceFile& source);
    void add_policy_error(const std::string& text);
    void add(const sysfs::DeviceId& device, const HostSnapshot::DeviceStatus& status);
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    void append(const std::string& line);
    std::string text_;
};

/// kInvalid for another text, for instance one of another version.
[[nodiscard]] base::Result<HostSnapshot> parse_snapshot(const std::string& text);

}  // namespace binding
