// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "sysfs/host/root.hpp"

namespace sysfs {

/// The processes of the host, by number.
[[nodiscard]] std::vector<pid_t> list_processes(const Root& root);

/// "/proc/712" below the root.
[[nodiscard]] std::string process_dir(const Root& root, pid_t pid);

/// "qemu-system-x86 (pid 712)"; `pid` is a name in /proc.
[[nodiscard]] std::string process_label(const Root& root, const std::string& pid);

/// "qemu-system-x86 (pid 712, unit libvirtd.service)"; the unit only when systemd runs it in one.
[[nodiscard]] std::string process_text(const Root& root, pid_t pid);

[[nodiscard]] std::optional<pid_t> parent_of(const Root& root, pid_t pid);

}  // namespace sysfs
