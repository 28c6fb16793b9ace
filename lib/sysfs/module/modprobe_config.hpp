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

/// Every line that modprobe would read, in its order. The directories are libkmod's own, and like
/// there a file masks those of its name further down.
[[nodiscard]] std::vector<ConfigLine> read_modprobe_config(const Root& root);

/// One word of the kernel's command line: "vfio-pci.ids=10de:1eb8". A module's parameter has the
/// key "vfio_pci.ids", its module normalised; quotes around the value are taken off.
struct KernelArgument {
    std::string key;
    std::string value;  ///< empty for a bare word
    std::string text;   ///< as it stands
};

[[nodiscard]] std::vector<KernelArgument> read_kernel_arguments(const Root& root);

}  // namespace sysfs
