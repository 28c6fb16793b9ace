// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>

/// What `capture` contains, by name. Never all files: reading some attributes wakes a device,
/// resets it or discloses a secret.
namespace vfioctl::captured {

using Names = std::span<const char* const>;

/// Attributes of devices, groups, slots, mdev types, disks and modules that lib/sysfs reads.
[[nodiscard]] Names attributes();
/// Directories of sysfs without any of these, and with much else.
[[nodiscard]] Names skipped_directories();
/// Directories of which all links and these attributes are captured.
[[nodiscard]] Names trees();
/// Directories of which every file is captured.
[[nodiscard]] Names directories();
/// Single files.
[[nodiscard]] Names files();
/// Files of the running kernel's directory in /lib/modules.
[[nodiscard]] Names module_files();

}  // namespace vfioctl::captured
