// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/node_access.hpp"

#include "policy/plan_steps.hpp"
#include "sysfs/accounts.hpp"
#include "sysfs/names.hpp"

namespace binding {
namespace {

using sysfs::Result;

/// A number is an id already.
Result<std::uint32_t> id_of(const std::string& word, auto&& look_up) {
    if (const auto number = sysfs::parse_decimal(word); number && *number < UINT32_MAX)
        return static_cast<std::uint32_t>(*number);
    return look_up(sysfs::Root{}, word);
}

}  // namespace

Result<sysfs::NodeAccess> resolve_access(const policy::Access& access) {
    sysfs::NodeAccess resolved{.uid = {}, .gid = {}, .mode = access.mode};
    if (access.owner) {
        const auto uid = id_of(*access.owner, sysfs::user_id);
        if (!uid)
            return sysfs::propagate(uid);
        resolved.uid = *uid;
    }
    if (access.group) {
        const auto gid = id_of(*access.group, sysfs::group_id);
        if (!gid)
            return sysfs::propagate(gid);
        resolved.gid = *gid;
    }
    return resolved;
}

Result<void> give_access(Writer& writer, const sysfs::DeviceId& device,
                         const sysfs::NodeAccess& access, const policy::Access& wanted) {
    const auto now = writer.kernel().standing(device);
    if (!now)
        return sysfs::propagate(now);
    if (!now->vfio)
        return fail(sysfs::Code::kFailed, "set access", device.display(), "has no VFIO node");
    const std::string shown = policy::access_text(wanted);
    if (now->vfio->group)
        if (auto done = writer.set_access(device, *now->vfio->group, access, shown); !done)
            return done;
    if (now->vfio->cdev)
        return writer.set_access(device, "devices/" + *now->vfio->cdev, access, shown);
    return {};
}

Result<void> give_back_access(Writer& writer, const sysfs::DeviceId& device, const Made& made) {
    const auto before = access_of(made.before);
    const auto now = writer.kernel().standing(device);
    if (!before || !now || !now->vfio)
        return {};
    const auto& [group, cdev, group_access, cdev_access] = *now->vfio;
    const bool still_its = made.value == group.value_or("") ||
                           (cdev && made.value == "devices/" + *cdev);
    return still_its ? writer.set_access(device, made.value, *before, made.value) : Result<void>();
}

}  // namespace binding
