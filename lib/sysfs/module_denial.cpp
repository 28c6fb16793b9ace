// SPDX-License-Identifier: LGPL-2.1-or-later
//
// libkmod knows that a module is denied, not by which line of which file. A user has to be told the
// line. The directories are libkmod's own, and like there a file masks those of its name further
// down.
#include <fmt/format.h>

#include <map>
#include <sstream>
#include <string_view>

#include "sysfs/module_loader.hpp"
#include "sysfs/names.hpp"
#include "sysfs/text_file.hpp"

namespace sysfs {
namespace {

constexpr const char* kConfigDirectories[] = {"/etc/modprobe.d", "/run/modprobe.d",
                                              "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d",
                                              "/lib/modprobe.d"};

/// The module of "blacklist NAME" or "install NAME ...", normalised; empty for any other line.
std::string denied_by(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    std::string name;
    if (!(words >> command >> name) || (command != "blacklist" && command != "install"))
        return {};
    return normalise_module(name);
}

std::map<std::string, std::string> config_files(const Root& root) {
    std::map<std::string, std::string> by_name;
    for (const char* directory : kConfigDirectories) {
        for (const auto& name : list_directory(root.path(directory))) {
            if (name.ends_with(".conf"))
                by_name.emplace(name, std::string(directory) + "/" + name);
        }
    }
    return by_name;
}

void add_config(const Root& root, std::map<std::string, std::string>& denials) {
    for (const auto& [name, path] : config_files(root)) {
        std::istringstream lines(read_text_file(root.path(path)).value_or(""));
        std::string line;
        for (unsigned number = 1; std::getline(lines, line); ++number) {
            if (auto module = denied_by(line); !module.empty())
                denials.emplace(std::move(module), fmt::format("{}:{}: {}", path, number, line));
        }
    }
}

/// modprobe.blacklist= is read by modprobe and libkmod, module_blacklist= by the kernel itself.
void add_arguments(const Root& root, std::map<std::string, std::string>& denials) {
    std::istringstream words(read_text_file(root.path("/proc/cmdline")).value_or(""));
    std::string word;
    while (words >> word) {
        const auto equals = word.find('=');
        if (equals == std::string::npos)
            continue;
        const std::string_view key = std::string_view(word).substr(0, equals);
        if (key != "modprobe.blacklist" && key != "module_blacklist")
            continue;
        std::istringstream names(word.substr(equals + 1));
        std::string name;
        while (std::getline(names, name, ','))
            denials.emplace(normalise_module(name), "/proc/cmdline: " + word);
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
