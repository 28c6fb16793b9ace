// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/boot_switch.hpp"

#include <algorithm>
#include <array>

#include "sysfs/text_file.hpp"

namespace sysfs {
namespace {

constexpr std::string_view kSwitch = "bindd.disable";

bool says_no(std::string_view value) {
    constexpr std::array<std::string_view, 4> kNo = {"0", "no", "off", "false"};
    return std::find(kNo.begin(), kNo.end(), value) != kNo.end();
}

}  // namespace

bool is_switched_off(std::string_view command_line) {
    constexpr std::string_view kBlanks = " \t\n";
    bool off = false;
    for (std::size_t at = 0; (at = command_line.find_first_not_of(kBlanks, at)) != command_line.npos;) {
        const std::size_t end = std::min(command_line.find_first_of(kBlanks, at), command_line.size());
        const std::string_view word = command_line.substr(at, end - at);
        at = end;
        if (word == kSwitch)
            off = true;
        else if (word.starts_with(kSwitch) && word[kSwitch.size()] == '=')
            off = off || !says_no(word.substr(kSwitch.size() + 1));
    }
    return off;
}

bool is_switched_off(const Root& root) {
    const auto text = read_text_file(root.path("/proc/cmdline"));
    return text && is_switched_off(*text);
}

}  // namespace sysfs
