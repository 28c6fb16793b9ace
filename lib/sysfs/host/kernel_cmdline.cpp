// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/host/kernel_cmdline.hpp"

#include <algorithm>
#include <array>

#include "base/file_io.hpp"

namespace sysfs {
namespace {

constexpr std::string_view kDisableParameter = "bindd.disable";

bool is_false(std::string_view value) {
    constexpr std::array<std::string_view, 4> kFalse = {"0", "no", "off", "false"};
    return std::find(kFalse.begin(), kFalse.end(), value) != kFalse.end();
}

}  // namespace

bool is_disabled_on_cmdline(std::string_view command_line) {
    constexpr std::string_view kBlanks = " \t\n";
    bool disabled = false;
    for (std::size_t at = 0;
         (at = command_line.find_first_not_of(kBlanks, at)) != command_line.npos;) {
        const std::size_t end =
            std::min(command_line.find_first_of(kBlanks, at), command_line.size());
        const std::string_view word = command_line.substr(at, end - at);
        at = end;
        if (word == kDisableParameter)
            disabled = true;
        else if (word.starts_with(kDisableParameter) && word[kDisableParameter.size()] == '=')
            disabled = disabled || !is_false(word.substr(kDisableParameter.size() + 1));
    }
    return disabled;
}

bool is_disabled_on_cmdline(const Root& root) {
    const auto text = base::read_file(root.path("/proc/cmdline"));
    return text && is_disabled_on_cmdline(*text);
}

}  // namespace sysfs
