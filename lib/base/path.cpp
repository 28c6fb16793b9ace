// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/path.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/dir.hpp"
#include "base/path_root.hpp"

namespace base {

std::string base_name(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));  // npos + 1 is 0
}

std::string directory_name(std::string_view path) {
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos)
        return ".";
    return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

std::optional<std::string> read_link(const std::string& path) {
    return link_at(AT_FDCWD, {}, path);
}

std::vector<std::string> list_directory(const std::string& path) {
    const auto directory = Dir::open(path);
    const auto names = directory ? directory->entries() : propagate(directory);
    return names ? *names : std::vector<std::string>();
}

Result<void> make_directories(const std::string& path) {
    for (std::size_t at = 1; at != std::string::npos;) {
        at = path.find('/', at);
        const std::string part = path.substr(0, at);
        if (::mkdir(WritablePath(part).c_str(), 0755) != 0 && errno != EEXIST)
            return fail_errno(errno, "create directory", part);
        if (at != std::string::npos)
            ++at;
    }
    return {};
}

}  // namespace base
