// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "sysfs/host/root.hpp"

namespace sysfs {

/// One line of modprobe's configuration in words, continued lines joined, comments left out.
struct ConfigLine {
    std::string path;     ///< without the root
    unsigned number = 0;  ///< of its first line, from 1
    std::string text;
    std::vector<std::string> words;

    /// "/etc/modprobe.d/vfio.conf:3"
    [[nodiscard]] std::string where() const { return path + ":" + std::to_string(number); }
};

/// Every line that modprobe reads, in its order. The directories are libkmod's; a file masks files
/// of the same name in later directories.
[[nodiscard]] std::vector<ConfigLine> read_modprobe_config(const Root& root);

}  // namespace sysfs
