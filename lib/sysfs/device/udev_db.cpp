// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/udev_db.hpp"

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

std::optional<std::string> read_record(const Root& root, const DeviceId& id) {
    const auto data = base::Dir::open(root.path("/run/udev/data"));
    return data ? data->attr("+" + id.bus + ":" + id.name) : std::nullopt;
}

}  // namespace

std::map<std::string, std::string> read_properties(const Root& root, const DeviceId& id,
                                                   const DeviceDir& device) {
    std::map<std::string, std::string> out;
    add_lines(device.uevent_text(), "", out);
    if (const auto text = read_record(root, id))
        add_lines(*text, "E:", out);
    return out;
}

std::optional<std::string> udev_property(const Root& root, const DeviceId& id,
                                         const std::string& name) {
    std::map<std::string, std::string> properties;
    if (const auto text = read_record(root, id))
        add_lines(*text, "E:", properties);
    const auto found = properties.find(name);
    return found == properties.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace sysfs
