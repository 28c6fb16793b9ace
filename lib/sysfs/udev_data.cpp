// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/udev_data.hpp"

#include <algorithm>
#include <string_view>

namespace sysfs {

namespace {

/// Adds every line PREFIX + "KEY=VALUE"; a later line wins, as in udev.
void add_lines(std::string_view text, std::string_view prefix,
               std::map<std::string, std::string>& out) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.starts_with(prefix))
            continue;
        line.remove_prefix(prefix.size());
        const std::size_t equals = line.find('=');
        if (equals != std::string_view::npos && equals > 0)
            out[std::string(line.substr(0, equals))] = line.substr(equals + 1);
    }
}

}  // namespace

std::map<std::string, std::string> read_properties(const Root& root, const DeviceId& id,
                                                   const DeviceDir& device) {
    std::map<std::string, std::string> out;
    add_lines(device.uevent_text(), "", out);
    const auto data = Dir::open(root.path("/run/udev/data"));
    if (const auto text = data ? data->attr("+" + id.bus + ":" + id.name) : std::nullopt)
        add_lines(*text, "E:", out);
    return out;
}

}  // namespace sysfs
