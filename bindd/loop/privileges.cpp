// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/privileges.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace bindd {
namespace {

tl::unexpected<base::Error> failed(const char* what) {
    return base::fail_errno(errno, what, "privileges");
}

bool has_none() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    return ::syscall(SYS_capget, &header, sets.data()) == 0 &&
           std::all_of(sets.begin(), sets.end(), [](const __user_cap_data_struct& set) {
               return (set.effective | set.permitted | set.inheritable) == 0;
           });
}

}  // namespace

base::Result<void> drop_privileges() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failed("set no_new_privs");
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
        return failed("clear the ambient set");
    // The kernel may have more capabilities than our headers: up to the first unknown one.
    for (unsigned long cap = 0; ::prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; ++cap)
        if (::prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0 && errno != EPERM)
            return failed("drop from the bounding set");
    // A service manager that grants no capability may also forbid capset().
    if (has_none())
        return {};
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
    if (::syscall(SYS_capset, &header, none.data()) != 0)
        return failed("drop all capabilities");
    return {};
}

}  // namespace bindd
