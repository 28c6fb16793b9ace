// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/lock.hpp"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>

#include "binding/files.hpp"

namespace binding {
namespace {

using sysfs::fail;
using sysfs::fail_errno;
using sysfs::Result;

constexpr int kLookAgainMs = 20;

/// "vfioctl (pid 712)", or as much of it as can be known.
std::string holder(int fd) {
    struct flock asked {};
    asked.l_type = F_WRLCK;
    asked.l_whence = SEEK_SET;
    if (::fcntl(fd, F_GETLK, &asked) != 0 || asked.l_type == F_UNLCK || asked.l_pid <= 0)
        return "another process";
    const std::string pid = std::to_string(asked.l_pid);
    const auto name = read_file("/proc/" + pid + "/comm");
    return name ? name->substr(0, name->find('\n')) + " (pid " + pid + ")" : "pid " + pid;
}

}  // namespace

Result<Lock> Lock::take(const StateDir& state, std::chrono::milliseconds patience) {
    if (auto made = make_directories(state.run); !made)
        return sysfs::propagate(made);
    const std::string path = state.lock_path();
    sysfs::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid())
        return fail_errno(errno, "open", path);
    struct flock wanted {};
    wanted.l_type = F_WRLCK;
    wanted.l_whence = SEEK_SET;
    // F_SETLKW would have to be ended by a signal.
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        if (::fcntl(fd.get(), F_SETLK, &wanted) == 0)
            return Lock(std::move(fd));
        const bool held = errno == EAGAIN || errno == EACCES;
        if (!held || std::chrono::steady_clock::now() >= deadline)
            break;
        ::poll(nullptr, 0, kLookAgainMs);
    }
    if (errno != EAGAIN && errno != EACCES)
        return fail_errno(errno, "lock", path);
    return fail(sysfs::Code::kBusy, "lock", path, "held by " + holder(fd.get()),
                "one writer at a time: wait until it has finished");
}

}  // namespace binding
