// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/fuzz/udev_rules_syntax.hpp"

#include <algorithm>
#include <array>

namespace {

/// udev drops lines over this (UDEV_LINE_SIZE).
constexpr std::size_t kLongestLine = 16384;

bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// KEY, or KEY{NAME}.
bool take_key(std::string_view& text) {
    constexpr std::array<std::string_view, 11> kKeys = {"ACTION",  "SUBSYSTEM", "DRIVER", "KERNEL",
                                                        "KERNELS", "TEST",      "GOTO",   "LABEL",
                                                        "ENV{",    "ATTR{",     "IMPORT{"};
    for (const std::string_view key : kKeys)
        if (text.starts_with(key) && (key.ends_with('{') || text.size() == key.size() ||
                                      text[key.size()] == '=' || text[key.size()] == '!')) {
            text.remove_prefix(key.size());
            const std::size_t end = key.ends_with('{') ? text.find('}') : 0;
            text.remove_prefix(key.ends_with('{') && end != text.npos ? end + 1 : 0);
            return end != text.npos;
        }
    return false;
}

bool is_rule(std::string_view line) {
    do {
        if (!take_key(line) || !(take(line, "==") || take(line, "!=") || take(line, "=")))
            return false;
        const std::size_t end = line.find('"', 1);
        if (!line.starts_with('"') || end == line.npos ||
            line.substr(0, end).find('\\') != line.npos)
            return false;
        line.remove_prefix(end + 1);
    } while (take(line, ", "));
    return line.empty();
}

}  // namespace

std::string find_udev_syntax_error(std::string_view rules) {
    while (!rules.empty()) {
        const std::string_view line = rules.substr(0, rules.find('\n'));
        rules.remove_prefix(std::min(rules.size(), line.size() + 1));
        const bool fits = line.size() < kLongestLine && line.find('\0') == line.npos;
        if (!fits || !(line.empty() || line.starts_with('#') || is_rule(line)))
            return std::string(line);
    }
    return {};
}
