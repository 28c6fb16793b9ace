// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/usage_vfs.hpp"

#include <fmt/format.h>

namespace sysfs {
namespace {

constexpr std::size_t kShown = 4;

std::string vf_text(const Inventory& inventory, const DeviceId& pf, const std::string& name) {
    const Device* vf = inventory.find({.bus = pf.bus, .name = name});
    return vf != nullptr && vf->driver ? fmt::format("{} on {}", name, *vf->driver) : name;
}

}  // namespace

// Unbinding a PF's driver normally destroys its VFs, even if they are in use. vfio-pci refuses such
// a PF with EBUSY, but only after its native driver was unbound.
void find_vfs(const Inventory& inventory, UsageCheck& check) {
    const Device& device = check.subtree.device;
    if (!device.sriov || device.sriov->enabled == 0)
        return;
    std::string names;
    std::size_t shown = 0;
    for (const auto& [index, name] : device.sriov->vfs) {
        if (shown++ == kShown)
            break;
        names += (names.empty() ? ": " : ", ") + vf_text(inventory, device.id, name);
    }
    if (device.sriov->vfs.size() > kShown)
        names += ", ...";
    check.add(UseKind::kVfsInUse, "its virtual functions are enabled",
              fmt::format("{} of {} VFs{}", device.sriov->enabled, device.sriov->total, names));
}

// mdev_unregister_parent() removes them all, and waits for those that are open.
void find_mdevs(UsageCheck& check) {
    for (const std::string& mdev : check.subtree.mdevs)
        check.add(UseKind::kHolder, "a mediated device of it is running", mdev);
}

}  // namespace sysfs
