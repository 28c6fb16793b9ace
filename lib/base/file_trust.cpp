// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/file_trust.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/number.hpp"
#include "base/path.hpp"
#include "base/path_root.hpp"

namespace base {
std::optional<Distrust> find_distrust(const struct stat& status) {
    const std::string noun = S_ISDIR(status.st_mode) ? "directory" : "file";
    const uid_t caller = ::geteuid();
    if (status.st_uid != 0 && status.st_uid != caller)
        return Distrust{
            "this " + noun + " belongs to user " + std::to_string(status.st_uid) + ", not to root",
            "chown root"};
    // The group of a user's own files is that user's matter.
    const mode_t others = caller == 0 ? S_IWGRP | S_IWOTH : S_IWOTH;
    if ((status.st_mode & others) != 0)
        return Distrust{"this " + noun + " is writable by others than its owner (mode " +
                            to_octal(status.st_mode & 07777U) + ")",
                        "chmod go-w"};
    return std::nullopt;
}

Result<void> check_trusted(const std::string& path) {
    for (const std::string& each : {path, directory_name(path)}) {
        const UniqueFd fd = open_path(each, O_PATH);
        struct stat status {};
        if (!fd.valid() || ::fstat(fd.get(), &status) != 0)
            return fail_errno(errno, "open", each);
        if (const auto distrust = find_distrust(status))
            return fail(Code::kRefused, "trust", each, distrust->why,
                        std::string(distrust->fix) + " " + each);
    }
    return {};
}

}  // namespace base
