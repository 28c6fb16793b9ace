// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sysfs/host/root.hpp"

namespace sysfs {

/// The processes of the host, by number.
[[nodiscard]] std::vector<pid_t> list_processes(const Root& root);
/// The same without the kernel's threads and processes that have ended, which hold nothing: they
/// have no executable. On a small machine these are two of three.
[[nodiscard]] std::vector<pid_t> list_programs(const Root& root);

/// "/proc/712" below the root.
[[nodiscard]] std::string process_dir(const Root& root, pid_t pid);

/// "qemu-system-x86 (pid 712)"; `pid` is a name in /proc.
[[nodiscard]] std::string process_label(const Root& root, const std::string& pid);

/// "qemu-system-x86 (pid 712, unit libvirtd.service)"; the unit only when systemd runs it in one.
[[nodiscard]] std::string process_text(const Root& root, pid_t pid);

/// The sockets of a process, by their inodes; none when its descriptors cannot be read.
[[nodiscard]] std::set<std::uint64_t> sockets_of(const Root& root, pid_t pid);
/// A process that has each of these sockets, as process_text() has it. Walks /proc/*/fd.
[[nodiscard]] std::map<std::uint64_t, std::string> socket_owners(
    const Root& root, const std::set<std::uint64_t>& sockets);

/// Does the process still run? One that has ended and waits for its parent does not.
[[nodiscard]] bool has_not_ended(const Root& root, pid_t pid);

[[nodiscard]] std::optional<pid_t> parent_of(const Root& root, pid_t pid);

}  // namespace sysfs
