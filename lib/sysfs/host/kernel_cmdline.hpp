// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sysfs/host/root.hpp"

namespace sysfs {

/// One word of the kernel's command line: "vfio-pci.ids=10de:1eb8". A module's parameter has the
/// key "vfio_pci.ids" with '_' for each '-' of the module's name.
struct KernelArgument {
    std::string key;
    std::string value;  ///< empty for a bare word
    std::string text;   ///< the whole word, without its quotes
};

/// The words of a kernel command line, or of a module's parameters, as the kernel splits both
/// (next_arg()): a blank inside double quotes is part of the word.
[[nodiscard]] std::vector<KernelArgument> parse_kernel_arguments(std::string_view command_line);
/// The words of /proc/cmdline; none when it cannot be read.
[[nodiscard]] std::vector<KernelArgument> read_kernel_arguments(const Root& root);

/// Where the program runs: a word with the prefix "rd." is for the initramfs alone.
enum class BootStage { kInitrd, kSystem };

/// Is `bindd.disable` on the command line, alone or with a value that is not false? Words, quotes,
/// values and "rd." are those of systemd (proc_cmdline_get_bool() with STRIP_RD_PREFIX): the last
/// of several words counts. The programs that run at boot then change no device: the way out when a
/// policy prevents booting.
[[nodiscard]] bool is_disabled_on_cmdline(std::string_view command_line, BootStage stage);
[[nodiscard]] bool is_disabled_on_cmdline(const Root& root);

}  // namespace sysfs
