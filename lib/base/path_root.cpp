// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/path_root.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/path.hpp"

namespace base {
namespace {

struct PathRoot {
    std::string prefix;  ///< with a slash at its end; empty: no path is confined
    UniqueFd fd;
    PathResolver resolver = PathResolver::kOpenat2;
};

PathRoot& path_root() {
    static PathRoot root;
    return root;
}

std::optional<std::string> link_text(int dir, const char* name) {
    std::array<char, PATH_MAX> target;
    const ssize_t length = ::readlinkat(dir, name, target.data(), target.size());
    if (length <= 0)
        return std::nullopt;
    return std::string(target.data(), static_cast<std::size_t>(length));
}

std::string fd_path(int fd) {
    return "/proc/self/fd/" + std::to_string(fd);
}

/// What openat2() does with RESOLVE_IN_ROOT, for Linux before 5.6: every component is opened
/// without following it, and a link's target is resolved from the root or from where the link is.
class Walk {
  public:
    explicit Walk(int root) : root_(root) {}

    UniqueFd open(std::string rest, int flags) {
        while (true) {
            const std::string name = take_component(rest);
            if (name.empty() || name == "." || name == "..") {
                if (name == ".." && !inside_.empty())
                    inside_.pop_back();
                if (rest.empty())
                    return UniqueFd(::openat(current(), ".", flags));
                continue;
            }
            const bool last = rest.empty();
            UniqueFd entry(::openat(current(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
            const auto target =
                last && (flags & O_NOFOLLOW) != 0 ? std::nullopt : link_text(entry.get(), "");
            if (target && ++links_ > kMaxLinks)
                errno = ELOOP;
            if (!entry.valid() || links_ > kMaxLinks)
                return {};
            if (target) {
                if (target->starts_with('/'))
                    inside_.clear();
                rest = *target + (last ? "" : "/" + rest);
            } else if (last) {
                return UniqueFd(::openat(current(), name.c_str(), flags | O_NOFOLLOW));
            } else {
                inside_.push_back(std::move(entry));
            }
        }
    }

  private:
    static constexpr unsigned kMaxLinks = 40;  // the kernel's own limit (MAXSYMLINKS)

    [[nodiscard]] int current() const { return inside_.empty() ? root_ : inside_.back().get(); }

    static std::string take_component(std::string& rest) {
        const std::size_t end = std::min(rest.find('/'), rest.size());
        std::string name = rest.substr(0, end);
        rest.erase(0, rest.find_first_not_of('/', end));
        return name;
    }

    int root_;
    std::vector<UniqueFd> inside_;  ///< the directories between the root and the current one
    unsigned links_ = 0;
};

UniqueFd resolve(const std::string& relative, int flags) {
    constexpr int kTries = 32;  // EAGAIN: something was renamed meanwhile
    PathRoot& root = path_root();
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    for (int left = kTries; root.resolver == PathResolver::kOpenat2 && left > 0; --left) {
        const long fd = ::syscall(SYS_openat2, root.fd.get(), relative.c_str(), &how, sizeof how);
        if (fd >= 0)
            return UniqueFd(static_cast<int>(fd));
        // Sandboxes that do not know the call answer EPERM.
        if (errno == ENOSYS || errno == EPERM)
            root.resolver = PathResolver::kWalk;
        else if (errno != EAGAIN && errno != EINTR)
            return {};
    }
    return Walk(root.fd.get()).open(relative, flags);
}

UniqueFd open_inside(const std::string& relative, int flags) {
    constexpr int kNotRead = O_PATH | O_DIRECTORY;
    flags |= O_CLOEXEC;
    if ((flags & kNotRead) != 0)
        return resolve(relative, flags);
    const UniqueFd file = resolve(relative, O_PATH | O_CLOEXEC | (flags & O_NOFOLLOW));
    struct stat status {};
    if (!file.valid() || ::fstat(file.get(), &status) != 0)
        return {};
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
        errno = EINVAL;
        return {};
    }
    return UniqueFd(::open(fd_path(file.get()).c_str(), flags & ~O_NOFOLLOW));
}

/// The part below the captured host's root; nothing for all other paths.
std::optional<std::string> inside_root(const std::string& path) {
    const std::string& prefix = path_root().prefix;
    if (prefix.empty() || !path.starts_with(prefix))
        return std::nullopt;
    const std::size_t start = path.find_first_not_of('/', prefix.size());
    return start == std::string::npos ? "." : path.substr(start);
}

}  // namespace

Result<void> confine_paths(const std::string& directory, PathResolver resolver) {
    UniqueFd fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid())
        return fail_errno(errno, "open", directory);
    path_root() = {directory + (directory.ends_with('/') ? "" : "/"), std::move(fd), resolver};
    return {};
}

UniqueFd open_at(int dir, const std::string& dir_path, const std::string& name, int flags) {
    if (is_confined())
        if (const auto inside = inside_root(dir_path.empty() ? name : dir_path + "/" + name))
            return open_inside(*inside, flags);
    int fd = -1;
    do
        fd = ::openat(dir, name.c_str(), flags | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    return UniqueFd(fd);
}

UniqueFd open_path(const std::string& path, int flags) {
    return open_at(AT_FDCWD, {}, path, flags);
}

std::optional<std::string> link_at(int dir, const std::string& dir_path, const std::string& name) {
    if (!is_confined())
        return link_text(dir, name.c_str());
    const UniqueFd link = open_at(dir, dir_path, name, O_PATH | O_NOFOLLOW);
    return link.valid() ? link_text(link.get(), "") : std::nullopt;
}

bool is_confined() {
    return !path_root().prefix.empty();
}

WritablePath::WritablePath(const std::string& path) : path_(path) {
    const auto inside = inside_root(path);
    if (!inside)
        return;
    parent_ = open_inside(directory_name(*inside), O_PATH | O_DIRECTORY);
    path_ = parent_.valid() ? fd_path(parent_.get()) + "/" + base_name(*inside) : "";
}

}  // namespace base
