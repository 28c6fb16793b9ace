// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sysfs/host/root.hpp"

namespace binding {

inline constexpr const char* kStateDirectory = "/var/lib/bindd";

/// Where the lock, the journal and the history live.
struct StateDir {
    std::string run = "/run/bindd";     ///< lock, journal: survives restarts, not reboots
    std::string lib = kStateDirectory;  ///< history, devices in use
    /// The kernel's id of this boot: a journal of another boot does not apply.
    std::string boot_id = "/proc/sys/kernel/random/boot_id";
    /// Called before and after each write to disk, with its name. An errno other than 0 makes the
    /// write fail. A test kills the process here or fills the disk, to prove that no moment is a
    /// bad one for either.
    std::function<int(const char*)> on_write;

    /// Where udev reads rules that are generated at run time; empty: none are.
    std::string udev_rules = {};

    /// Whose state this is: early in a boot, `lib` may be on a file system that is not there yet.
    std::optional<sysfs::Root> root = std::nullopt;

    [[nodiscard]] static StateDir below(const sysfs::Root& root) {
        return {root.path("/run/bindd"),
                root.path(kStateDirectory),
                root.path("/proc/sys/kernel/random/boot_id"),
                {},
                root.path("/run/udev/rules.d"),
                root};
    }

    /// What the daemon's unprivileged half writes for itself, readable by all.
    [[nodiscard]] std::string controller_dir() const { return run + "/controller"; }
    [[nodiscard]] std::string lock_path() const { return run + "/lock"; }
    [[nodiscard]] std::string journal_path() const { return run + "/journal"; }
    [[nodiscard]] std::string history_path() const { return lib + "/history"; }
    [[nodiscard]] std::string devices_in_use_path() const { return lib + "/devices-in-use"; }
};

}  // namespace binding
