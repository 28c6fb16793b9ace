// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/group_devices.hpp"

#include <fmt/format.h>
#include <stdlib.h>

#include <memory>

#include "base/path.hpp"

namespace sysfs {
namespace {

/// The directory itself; empty when there is none.
std::string resolve(const std::string& path) {
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), ::free);
    return real ? real.get() : std::string();
}

void add_group(const std::string& link, std::set<std::string>& groups) {
    if (std::string group = resolve(link); !group.empty())
        groups.insert(std::move(group));
}

}  // namespace

// __ccwgroup_create_symlinks() makes both links: "group_device" of each channel, and "cdev0" to
// "cdevN" of the group device.
std::set<std::string> group_device_dirs(const Root& root, const std::string& dir) {
    std::set<std::string> groups;
    add_group(dir + "/group_device", groups);
    for (const auto& name : base::list_directory(dir))
        add_group(fmt::format("{}/{}/group_device", dir, name), groups);
    const std::string device = resolve(dir);
    const std::string all = root.path("/sys/bus/ccwgroup/devices");
    for (const auto& name : base::list_directory(all)) {
        const std::string group = all + "/" + name;
        for (const auto& entry : base::list_directory(group)) {
            const std::string channel =
                entry.starts_with("cdev") ? resolve(group + "/" + entry) : std::string();
            if (!device.empty() && (channel == device || channel.starts_with(device + "/")))
                add_group(group, groups);
        }
    }
    return groups;
}

}  // namespace sysfs
