// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/node_access.hpp"

#include "base/try.hpp"
#include "policy/plan/plan_steps.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/host/user_lookup.hpp"

namespace binding {
namespace {

using base::Result;

/// A number is an id already.
Result<std::uint32_t> resolve_id(const std::string& word, auto&& look_up) {
    if (const auto number = base::parse_decimal(word); number && *number < UINT32_MAX)
        return static_cast<std::uint32_t>(*number);
    return look_up(sysfs::Root{}, word);
}

}  // namespace

Result<sysfs::NodeAccess> resolve_access(const policy::AccessSpec& access) {
    sysfs::NodeAccess resolved{.uid = {}, .gid = {}, .mode = access.mode};
    if (access.owner) {
        const auto uid = TRY(resolve_id(*access.owner, sysfs::user_id));
        resolved.uid = uid;
    }
    if (access.group) {
        const auto gid = TRY(resolve_id(*access.group, sysfs::group_id));
        resolved.gid = gid;
    }
    return resolved;
}

Result<void> grant_access(JournaledKernel& journaled, const sysfs::DeviceId& device,
                          const sysfs::NodeAccess& access, const policy::AccessSpec& wanted) {
    const auto now = journaled.kernel().binding_state(device);
    if (!now)
        return base::propagate(now);
    if (!now->vfio)
        return fail(base::Code::kFailed, "set access", device.display(), "has no VFIO node");
    const std::string shown = policy::format_access(wanted);
    if (now->vfio->group)
        TRY(journaled.set_access(device, *now->vfio->group, access, shown));
    if (now->vfio->cdev)
        return journaled.set_access(device, "devices/" + *now->vfio->cdev, access, shown);
    return {};
}

Result<void> restore_access(JournaledKernel& journaled, const sysfs::DeviceId& device,
                            const SideEffect& made) {
    const auto before = decode_access(made.before);
    const auto now = journaled.kernel().binding_state(device);
    if (!before || !now || !now->vfio)
        return {};
    const auto& [group, cdev, group_access, cdev_access] = *now->vfio;
    const bool still_its =
        made.value == group.value_or("") || (cdev && made.value == "devices/" + *cdev);
    return still_its ? journaled.set_access(device, made.value, *before, made.value)
                     : Result<void>();
}

}  // namespace binding
