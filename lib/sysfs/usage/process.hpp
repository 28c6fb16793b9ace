// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// "/proc/712" below the root.
[[nodiscard]] std::string process_dir(const Root& root, pid_t pid);

/// Where the descriptors, mappings and namespaces of the process can be read. A process whose main
/// thread has ended (pthread_exit()) shows none of them, while its other threads use them all; then
/// it is the directory of one of these.
[[nodiscard]] std::string living_dir(const Root& root, pid_t pid);

struct RunningProgram {
    pid_t pid = 0;
    std::string dir;  ///< living_dir()
};
/// The processes of the host, by number, without the kernel's threads and processes that have
/// ended, which hold nothing. On a small machine these are two of three.
[[nodiscard]] std::vector<RunningProgram> list_programs(const Root& root);

/// "qemu-system-x86 (pid 712)"; `pid` is a name in /proc.
[[nodiscard]] std::string process_label(const Root& root, const std::string& pid);

/// "qemu-system-x86 (pid 712, unit libvirtd.service)"; the unit only when systemd runs it in one.
[[nodiscard]] std::string process_text(const Root& root, pid_t pid);

/// The sockets of a process, by their inodes; none when its descriptors cannot be read.
[[nodiscard]] std::set<std::uint64_t> sockets_of(const Root& root, pid_t pid);
/// A process that has each of these sockets, as process_text() has it. Reads the descriptors of the
/// programs until all are found.
[[nodiscard]] std::map<std::uint64_t, std::string> socket_owners(
    const Root& root, std::span<const RunningProgram> programs,
    const std::set<std::uint64_t>& sockets);

/// Does the process still run? One that has ended and waits for its parent does not.
[[nodiscard]] bool has_not_ended(const RunningProgram& program);

[[nodiscard]] std::optional<pid_t> parent_of(const Root& root, pid_t pid);

/// One mapping of a file, from a line of /proc/PID/maps. `range` names its entry in map_files.
struct FileMapping {
    std::string_view range;  ///< "7ffff7fb6000-7ffff7fb7000"
    std::uint64_t size = 0;
    std::uint64_t offset = 0;  ///< of a mapping of physical memory: its address
    std::uint64_t inode = 0;
    std::string_view path;  ///< without " (deleted)"
};

/// Calls `visit` for each file that the process of living_dir() has mapped; the texts are valid
/// during the call. Memory is bounded, however many mappings there are. kNotFound or kGone: the
/// process has ended.
[[nodiscard]] base::Result<void> read_mappings(
    const std::string& dir, const std::function<void(const FileMapping&)>& visit);

}  // namespace sysfs
