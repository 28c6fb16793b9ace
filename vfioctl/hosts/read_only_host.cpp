// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/hosts/read_only_host.hpp"

namespace vfioctl {
namespace {

/// More than a daemon has to know for its policies.
bool needs_local_scan(const sysfs::ScanOptions& wanted) {
    return wanted.serial || wanted.slots || wanted.resets || wanted.properties ||
           !wanted.attrs.empty();
}

}  // namespace

tl::unexpected<base::Error> ReadOnlyHost::refuse(const char* operation,
                                                 const std::string& object) const {
    return base::fail(base::Code::kUnsupported, operation, object, why_);
}

base::Result<void> ReadOnlyHost::load_module(const std::string& module) {
    return refuse("load module", module);
}

base::Result<void> ReadOnlyHost::set_override(const sysfs::DeviceTarget& target,
                                              const std::string&) {
    return refuse("set the override", target.id.display());
}

base::Result<void> ReadOnlyHost::unbind(const sysfs::DeviceTarget& target, const std::string&) {
    return refuse("unbind", target.id.display());
}

base::Result<void> ReadOnlyHost::bind(const sysfs::DeviceTarget& target, const std::string&) {
    return refuse("bind", target.id.display());
}

base::Result<void> ReadOnlyHost::write_attr(const sysfs::DeviceTarget& target,
                                            const std::string& attr, const std::string&) {
    return refuse("write an attribute", target.id.display() + " " + attr);
}

base::Result<void> ReadOnlyHost::create_mdev(const std::string& parent, const std::string&,
                                             const std::string&) {
    return refuse("create an mdev", parent);
}

base::Result<void> ReadOnlyHost::remove_mdev(const std::string& uuid) {
    return refuse("remove the mdev", uuid);
}

base::Result<void> ReadOnlyHost::set_vfs(const sysfs::DeviceTarget& pf, std::uint32_t) {
    return refuse("set the number of VFs", pf.id.display());
}

base::Result<sysfs::NodeAccess> ReadOnlyHost::set_access(const std::string& node,
                                                         const sysfs::NodeAccess&) {
    return refuse("set owner and mode", node);
}

base::Result<sysfs::Inventory> CapturedHost::inventory(const sysfs::ScanOptions& wanted) {
    return sysfs::read_inventory(root_, wanted);
}

base::Result<sysfs::Device> CapturedHost::device(const sysfs::DeviceId& id) {
    return sysfs::read_device(root_, id, {});
}

base::Result<sysfs::Inventory> CapturedHost::devices(std::span<const sysfs::DeviceId> ids,
                                                     const sysfs::ScanOptions& wanted) {
    return sysfs::read_devices(root_, ids, wanted);
}

base::Result<sysfs::Drivers> CapturedHost::drivers(const sysfs::ScanOptions& wanted) {
    return sysfs::read_drivers(root_, wanted);
}

base::Result<std::vector<std::string>> CapturedHost::modules_for(const std::string& modalias) {
    return sysfs::modules_for(root_, modalias);
}

sysfs::Usage CapturedHost::usage(const sysfs::Inventory& inventory,
                                 std::span<const sysfs::DeviceId> devices) {
    return sysfs::read_usage(root_, inventory, devices);
}

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
