// SPDX-License-Identifier: LGPL-2.1-or-later
//
// libkmod reports that a module is denied, but not by which line of which file. Users need the
// line.
#include "sysfs/module/module_denial.hpp"

#include <fmt/format.h>

#include <sstream>

#include "sysfs/device/names.hpp"
#include "sysfs/host/kernel_cmdline.hpp"
#include "sysfs/module/modprobe_config.hpp"

namespace sysfs {
namespace {

/// "blacklist NAME" or "install NAME ...".
void add_config(const Root& root, std::map<std::string, std::string>& denials) {
    for (const ConfigLine& line : read_modprobe_config(root).lines)
        if (line.words.size() > 1 && (line.words[0] == "blacklist" || line.words[0] == "install"))
            denials.emplace(normalise_module(line.words[1]),
                            fmt::format("{}: {}", line.where(), line.text));
}

/// modprobe.blacklist= is read by modprobe and libkmod, module_blacklist= by the kernel itself.
void add_arguments(const Root& root, std::map<std::string, std::string>& denials) {
    for (const KernelArgument& argument : read_kernel_arguments(root)) {
        if (argument.key != "modprobe.blacklist" && argument.key != "module_blacklist")
            continue;
        std::istringstream names(argument.value);
        std::string name;
        while (std::getline(names, name, ','))
            denials.emplace(normalise_module(name), "/proc/cmdline: " + argument.text);
    }
}

}  // namespace

std::map<std::string, std::string> denying_lines(const Root& root) {
    std::map<std::string, std::string> denials;
    add_config(root, denials);
    add_arguments(root, denials);
    return denials;
}

std::optional<std::string> denying_line(const Root& root, const std::string& module) {
    const auto denials = denying_lines(root);
    const auto found = denials.find(normalise_module(module));
    return found == denials.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace sysfs
