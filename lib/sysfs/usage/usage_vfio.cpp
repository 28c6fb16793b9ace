// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A device that was opened through its group is an anonymous file: "anon_inode:[vfio-device]", with
// one inode for all devices. A process may keep that file, or only a mapping of it, after closing
// the group; a descriptor in flight on a socket, or registered with io_uring, is in no table at
// all. Each of them keeps the group open, and a group opens only once (vfio_group_fops_open()), so
// opening it tells whether somebody has it. Nothing else does: it is opened only when no process is
// seen with it, and closed at once.
#include "sysfs/usage/usage_vfio.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/unique_fd.hpp"

namespace sysfs {
namespace {

enum class GroupNodeState { kFree, kBusy, kUnknown };

/// Unknown in a capture, which has no nodes, and to users who may not open them.
GroupNodeState group_state(const Root& root, const std::string& path) {
    if (!root.is_live())
        return GroupNodeState::kUnknown;
    const base::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (fd.valid())
        return GroupNodeState::kFree;
    return errno == EBUSY ? GroupNodeState::kBusy : GroupNodeState::kUnknown;
}

}  // namespace

void find_anonymous_vfio_use(const Root& root, std::span<const AnonymousVfioUser> users,
                             UsageCheck& check) {
    const auto& vfio = check.subtree.device.vfio;
    const bool is_known = std::any_of(check.uses.begin(), check.uses.end(), [](const Use& use) {
        return use.kind == UseKind::kVfioOpen;
    });
    if (!vfio || !vfio->group || is_known)
        return;
    const std::string path = "/dev/vfio/" + *vfio->group;
    const GroupNodeState state = group_state(root, path);
    if (state == GroupNodeState::kFree)
        return;
    const bool busy = state == GroupNodeState::kBusy;
    const auto report = [&](bool has_vfio_node) {
        const std::size_t before = check.uses.size();
        for (const AnonymousVfioUser& user : users) {
            if (user.has_vfio_node == has_vfio_node)
                check.add(UseKind::kVfioOpen, "a process has it open through VFIO",
                          user.text + (busy ? ", and " + path + " is busy" : ""));
        }
        return check.uses.size() != before;
    };
    if (report(false) || !busy || report(true))
        return;
    check.add(UseKind::kUnknown, "its VFIO group is in use by somebody unknown",
              path + ": " + std::strerror(EBUSY));
}

}  // namespace sysfs
