// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sysfs/usage/device_subtree.hpp"

/// The tables of /proc whose fields are separated by blanks. They are read as streams: a mount
/// namespace may have 100,000 mounts.
namespace sysfs {

/// Calls `visit` with each line of the file. One without end is an error (EFBIG).
[[nodiscard]] base::Result<void> for_each_line(const std::string& path,
                                               const std::function<void(std::string_view)>& visit);
/// The next field, which is removed from `line` with its separator.
std::string_view take_field(std::string_view& line, char separator = ' ');
/// The kernel writes blanks, tabs, newlines and backslashes as "\040" (mangle()).
[[nodiscard]] std::string unescape_field(std::string_view field);

/// Without the " (deleted)" that the kernel adds to the path of a file that has no name any more.
[[nodiscard]] std::string without_deleted(std::string path);

/// One line of mountinfo, proc_pid_mountinfo(5); its fields are still escaped.
struct MountLine {
    NodeNumber number;
    std::string_view root;  ///< in the file system: "/", or "net:[4026532000]" of an nsfs
    std::string_view target;
    std::string_view type;
    std::string_view source;
    std::string_view options;  ///< of the superblock
};
[[nodiscard]] std::optional<MountLine> parse_mount_line(std::string_view line);

/// The value of the first option "KEY=..."; empty without one.
[[nodiscard]] std::string option_value(std::string_view options, std::string_view key);
/// The paths of an overlay's layers.
[[nodiscard]] std::set<std::string> overlay_layers(std::string_view options);

/// Where a file system that is on no disk of this host has its files.
struct RemoteSource {
    enum class RemoteKind {
        kAddress,  ///< a server's: "192.0.2.9", "2001:db8::9"
        kTag,      ///< of a virtio device, as the hypervisor named it
    } kind = RemoteKind::kAddress;
    std::string name;
};
[[nodiscard]] std::optional<RemoteSource> remote_source(const MountLine& line);

}  // namespace sysfs
