// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "sysfs/host/root.hpp"

namespace sysfs {

/// One line of modprobe's configuration, continued lines joined. Comments are left out, but for one
/// that is continued: it swallows the lines after it.
struct ConfigLine {
    std::string path;     ///< without the root
    unsigned number = 0;  ///< of its first line, from 1
    std::string text;
    std::vector<std::string> words;
    std::string rest;  ///< what follows the first two words, blanks and quotes as they are

    /// "/etc/modprobe.d/vfio.conf:3"
    [[nodiscard]] std::string where() const { return path + ":" + std::to_string(number); }
    /// Does libkmod know the command, with all that it needs? It ignores any other line.
    [[nodiscard]] bool is_valid() const;
};

struct ModprobeConfig {
    std::vector<ConfigLine> lines;        ///< in modprobe's order
    std::vector<std::string> unreadable;  ///< files: what they say is not known
};

/// Every line that modprobe reads. The directories are libkmod's; a file masks files of the same
/// name in later directories.
[[nodiscard]] ModprobeConfig read_modprobe_config(const Root& root);

}  // namespace sysfs
