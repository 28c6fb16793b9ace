// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The node of a group appears shortly after the bind: the kernel's devtmpfs thread creates it, and
// udev may change it afterwards. An inotify watch on the nearest existing directory is set before
// each check, so that no creation is missed.
#include "sysfs/kernel/node_access.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/clock.hpp"
#include "base/unique_fd.hpp"

namespace sysfs {
namespace {

using base::Clock;

constexpr mode_t kPermissions = 07777;

/// "15", "noiommu-0", "devices/vfio3": never a path out of the directory.
bool is_node_name(std::string_view node) {
    constexpr std::string_view kCdevs = "devices/";
    if (node.starts_with(kCdevs))
        node.remove_prefix(kCdevs.size());
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    return !node.empty() && node.find_first_not_of(kAllowed) == std::string_view::npos;
}

/// Opens `node` component by component, following no link. The file can be of any type.
base::UniqueFd open_node(const std::string& directory, const std::string& node) {
    base::UniqueFd base(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!base.valid())
        return {};
    const auto slash = node.find('/');
    if (slash == std::string::npos)
        return base::UniqueFd(::openat(base.get(), node.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    base::UniqueFd inner(::openat(base.get(), node.substr(0, slash).c_str(),
                                  O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inner.valid())
        return {};
    return base::UniqueFd(
        ::openat(inner.get(), node.substr(slash + 1).c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
}

void watch_nearest(int inotify, std::string path) {
    while (::inotify_add_watch(inotify, path.c_str(), IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0) {
        const auto slash = path.find_last_of('/');
        if (slash == std::string::npos || slash == 0)
            return;
        path.resize(slash);
    }
}

/// Waits until something is created; the events are only read, not evaluated.
void wait_for_event(int inotify, Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0)
        return;
    pollfd ready{.fd = inotify, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, static_cast<int>(left.count())) <= 0)
        return;
    std::array<char, 4096> events;
    while (::read(inotify, events.data(), events.size()) > 0) {
    }
}

base::UniqueFd wait_for_node(const std::string& directory, const std::string& node,
                             std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    const base::UniqueFd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    const std::string full = directory + "/" + node;
    while (true) {
        watch_nearest(inotify.get(), full.substr(0, full.find_last_of('/')));
        base::UniqueFd file = open_node(directory, node);
        if (file.valid() || (errno != ENOENT && errno != ENOTDIR))
            return file;
        if (Clock::now() >= deadline) {
            errno = ENOENT;
            return {};
        }
        wait_for_event(inotify.get(), deadline);
    }
}

// fchmod(2) refuses an O_PATH descriptor (EBADF); the magic link below /proc/self/fd is the same
// inode.
int change_mode(int fd, std::uint32_t mode) {
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    return ::chmod(link.c_str(), static_cast<mode_t>(mode));
}

}  // namespace

base::Result<NodeAccess> change_access(const std::string& directory, const std::string& node,
                                       const NodeAccess& access,
                                       std::chrono::milliseconds timeout) {
    const std::string operation = "set owner and mode";
    const std::string object = directory + "/" + node;
    if (!is_node_name(node))
        return base::fail(base::Code::kInvalid, operation, object,
                          "this could not be a VFIO node's name");
    if (access.mode && (*access.mode & ~kPermissions) != 0)
        return base::fail(base::Code::kInvalid, operation, object,
                          "the mode has bits beyond 07777");
    const base::UniqueFd file = wait_for_node(directory, node, timeout);
    if (!file.valid())
        return base::fail_errno(errno, operation, object);
    struct stat before {};
    if (::fstat(file.get(), &before) < 0)
        return base::fail_errno(errno, operation, object);
    if (!S_ISCHR(before.st_mode))
        return base::fail(base::Code::kInvalid, operation, object, "this is no character device");
    // -1 keeps an id. Ownership first: chown clears set-id bits, so chmod comes last.
    constexpr auto kKeep = static_cast<std::uint32_t>(-1);
    if ((access.uid || access.gid) && ::fchownat(file.get(), "", access.uid.value_or(kKeep),
                                                 access.gid.value_or(kKeep), AT_EMPTY_PATH) < 0)
        return base::fail_errno(errno, operation, object);
    if (access.mode && change_mode(file.get(), *access.mode) < 0) {
        const int error = errno;
        [[maybe_unused]] const int undone =
            ::fchownat(file.get(), "", before.st_uid, before.st_gid, AT_EMPTY_PATH);
        return base::fail_errno(error, operation, object);
    }
    return NodeAccess{
        .uid = before.st_uid, .gid = before.st_gid, .mode = before.st_mode & kPermissions};
}

}  // namespace sysfs
