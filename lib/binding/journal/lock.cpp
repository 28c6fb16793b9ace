// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/journal/lock.hpp"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "base/try.hpp"

namespace binding {
namespace {

using base::fail;
using base::fail_errno;
using base::Result;

constexpr int kRetryMs = 20;

/// "vfioctl (pid 712)", or as much of it as can be known.
std::string holder(int fd) {
    struct flock query {};
    query.l_type = F_WRLCK;
    query.l_whence = SEEK_SET;
    if (::fcntl(fd, F_GETLK, &query) != 0 || query.l_type == F_UNLCK || query.l_pid <= 0)
        return "another process";
    const std::string pid = std::to_string(query.l_pid);
    const auto name = base::read_file("/proc/" + pid + "/comm");
    return name ? name->substr(0, name->find('\n')) + " (pid " + pid + ")" : "pid " + pid;
}

}  // namespace

Result<Lock> Lock::acquire(const StateDir& state, std::chrono::milliseconds timeout) {
    TRY(base::make_directories(state.run));
    const std::string path = state.lock_path();
    base::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid())
        return fail_errno(errno, "open", path);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    // F_SETLKW would have to be ended by a signal.
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        if (::fcntl(fd.get(), F_SETLK, &lock) == 0)
            return Lock(std::move(fd));
        const bool is_held = errno == EAGAIN || errno == EACCES;
        if (!is_held || std::chrono::steady_clock::now() >= deadline)
            break;
        ::poll(nullptr, 0, kRetryMs);
    }
    if (errno != EAGAIN && errno != EACCES)
        return fail_errno(errno, "lock", path);
    return fail(base::Code::kBusy, "lock", path, "held by " + holder(fd.get()),
                "one writer at a time: wait until it has finished");
}

}  // namespace binding
