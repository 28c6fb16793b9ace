// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/node_access.hpp"

#include <grp.h>
#include <pwd.h>

#include <vector>

#include "policy/plan_steps.hpp"
#include "sysfs/names.hpp"

namespace binding {
namespace {

using sysfs::fail;
using sysfs::fail_errno;
using sysfs::Result;

constexpr std::size_t kEntryBytes = 65536;

Result<std::uint32_t> id_of(const std::string& word, const char* what, auto&& look_up) {
    if (const auto number = sysfs::parse_decimal(word); number && *number < UINT32_MAX)
        return static_cast<std::uint32_t>(*number);
    std::vector<char> buffer(kEntryBytes);
    std::optional<std::uint32_t> id;
    const int errnum = look_up(word.c_str(), buffer, id);
    if (errnum != 0 && !id)
        return fail_errno(errnum, std::string("look up ") + what, word);
    if (!id)
        return fail(sysfs::Code::kNotFound, std::string("look up ") + what, word,
                    std::string("no such ") + what);
    return *id;
}

int look_up_user(const char* name, std::vector<char>& buffer, std::optional<std::uint32_t>& id) {
    passwd entry{};
    passwd* found = nullptr;
    const int errnum = ::getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr)
        id = entry.pw_uid;
    return errnum;
}

int look_up_group(const char* name, std::vector<char>& buffer, std::optional<std::uint32_t>& id) {
    group entry{};
    group* found = nullptr;
    const int errnum = ::getgrnam_r(name, &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr)
        id = entry.gr_gid;
    return errnum;
}

}  // namespace

Result<sysfs::NodeAccess> resolve_access(const policy::Access& access) {
    sysfs::NodeAccess resolved{.uid = {}, .gid = {}, .mode = access.mode};
    if (access.owner) {
        const auto uid = id_of(*access.owner, "user", look_up_user);
        if (!uid)
            return sysfs::propagate(uid);
        resolved.uid = *uid;
    }
    if (access.group) {
        const auto gid = id_of(*access.group, "group", look_up_group);
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

}  // namespace binding
