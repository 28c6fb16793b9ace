// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

/// Opens that stay inside a captured host. A capture is someone else's: a link in it may lead
/// anywhere, and a FIFO or a device node may stand in place of an attribute.
namespace base {

/// From now on paths below `directory` are resolved as after a chroot(2) into it: absolute links
/// and ".." do not leave it. Like a chroot a property of the process, set before anything is read;
/// it needs no privilege and leaves all other paths alone.
enum class PathResolver {
    kOpenat2,  ///< the kernel's, or kWalk where it has none (before 5.6, some sandboxes)
    kWalk,     ///< component by component
};
[[nodiscard]] Result<void> confine_paths(const std::string& directory,
                                         PathResolver resolver = PathResolver::kOpenat2);

/// open(2) with O_CLOEXEC. Inside a captured host nothing but regular files and directories is
/// opened for reading (EINVAL): opening a device node can have effects of its own.
[[nodiscard]] UniqueFd open_path(const std::string& path, int flags);
/// The same relative to the directory `dir`, whose path is `dir_path`; empty for AT_FDCWD.
[[nodiscard]] UniqueFd open_at(int dir, const std::string& dir_path, const std::string& name,
                               int flags);

/// The target of a link, unresolved; nothing when it is no link. The link is not followed, those
/// in the path before it are.
[[nodiscard]] std::optional<std::string> link_at(int dir, const std::string& dir_path,
                                                 const std::string& name);
/// Whether confine_paths() was called.
[[nodiscard]] bool is_confined();

/// A name to create, rename or remove: `path` itself or, inside a captured host, the same name by
/// way of its parent's descriptor. Valid as long as this object.
class WritablePath {
  public:
    explicit WritablePath(const std::string& path);
    /// Its parent's descriptor invalid, this leads nowhere (ENOENT).
    [[nodiscard]] const char* c_str() const { return path_.c_str(); }

  private:
    UniqueFd parent_;
    std::string path_;
};

}  // namespace base
