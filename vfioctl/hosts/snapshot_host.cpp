// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/hosts/snapshot_host.hpp"

namespace vfioctl {
namespace {

/// More than a daemon has to know for its policies.
bool needs_local_scan(const sysfs::ScanOptions& wanted) {
    return wanted.serial || wanted.slots || wanted.resets || wanted.properties ||
           !wanted.attrs.empty();
}

}  // namespace

base::Result<sysfs::Inventory> SnapshotHost::inventory(const sysfs::ScanOptions& wanted) {
    if (needs_local_scan(wanted))
        return local_.inventory(wanted);
    return snapshot_.inventory;
}

sysfs::Usage SnapshotHost::usage(const sysfs::Inventory& inventory,
                                 std::span<const sysfs::DeviceId> devices) {
    std::vector<std::string> words;
    for (const sysfs::DeviceId& id : devices)
        words.push_back(id.text());
    if (words.empty())
        return {};
    if (auto snapshot = daemon_.fetch_snapshot(words))
        return std::move(snapshot->usage);
    return local_.usage(inventory, devices);
}

}  // namespace vfioctl
