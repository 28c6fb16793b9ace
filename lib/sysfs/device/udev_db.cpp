// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/udev_db.hpp"

#include <algorithm>
#include <string_view>

namespace sysfs {

namespace {

using Properties = std::map<std::string, std::string>;

/// Calls `use` for what follows `prefix` in each line that begins with it.
template <typename Use>
void for_each_value(std::string_view text, std::string_view prefix, const Use& use) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.starts_with(prefix))
            use(line.substr(prefix.size()));
    }
}

/// Adds every line PREFIX + "KEY=VALUE"; a later line wins, as in udev.
void add_lines(std::string_view text, std::string_view prefix, Properties& out) {
    for_each_value(text, prefix, [&out](std::string_view line) {
        const std::size_t equals = line.find('=');
        if (equals != std::string_view::npos && equals > 0)
            out[std::string(line.substr(0, equals))] = line.substr(equals + 1);
    });
}

base::Result<std::string> read_record_text(const Root& root, const std::string& key) {
    const auto data = base::Dir::open(root.path("/run/udev/data"));
    return data ? data->read(key) : base::propagate(data);
}

std::string record_key(const DeviceId& id) {
    return "+" + id.bus + ":" + id.name;
}

}  // namespace

std::map<std::string, std::string> read_properties(const Root& root, const DeviceId& id,
                                                   const DeviceDir& device) {
    Properties out;
    add_lines(device.uevent_text(), "", out);
    for (auto& [name, value] : read_udev_record(root, record_key(id)).value_or(Properties()))
        out.insert_or_assign(name, value);
    return out;
}

base::Result<Properties> read_udev_record(const Root& root, const std::string& key) {
    const auto text = read_record_text(root, key);
    if (!text && text.error().code != base::Code::kNotFound)
        return base::propagate(text);
    Properties out;
    add_lines(text.value_or(""), "E:", out);  // "E:ID_FS_TYPE=ext4"
    return out;
}

std::set<std::string> udev_links(const Root& root, const std::string& key) {
    const std::string text = read_record_text(root, key).value_or("");
    std::set<std::string> links;
    for_each_value(text, "S:", [&links](std::string_view link) { links.emplace(link); });
    return links;
}

std::optional<std::string> udev_property(const Root& root, const DeviceId& id,
                                         const std::string& name) {
    const auto properties = read_udev_record(root, record_key(id)).value_or(Properties());
    const auto found = properties.find(name);
    return found == properties.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace sysfs
