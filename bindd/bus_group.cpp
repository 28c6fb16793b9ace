// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus_group.hpp"

#include <cerrno>

#include "bindd/bus_append.hpp"
#include "bindd/bus_call.hpp"

namespace bindd {

GroupFamily::GroupFamily(sd_bus* bus, const Keeper& keeper, const DevicePaths& devices)
    : Family(bus, kGroupRoot, kGroupInterface, kGroupVtable<GroupFamily>), keeper_(keeper),
      devices_(devices) {}

void* GroupFamily::find(const std::string& path) {
    const auto id = group_of_path(path);
    const auto& groups = keeper_.view().inventory.groups;
    const auto found = id ? groups.find(*id) : groups.end();
    if (found == groups.end())
        return nullptr;
    facts_ = {this, &found->second};
    return &facts_;
}

std::vector<std::string> GroupFamily::paths() const {
    std::vector<std::string> out;
    for (const int group : known_)
        out.push_back(group_path(group));
    return out;
}

void GroupFamily::appeared(int group) {
    if (known_.insert(group).second)
        announce(group_path(group));
}

void GroupFamily::vanished(int group) {
    if (known_.erase(group) > 0)
        retire(group_path(group));
}

void GroupFamily::changed(int group) {
    if (known_.contains(group))
        announce_changes(group_path(group), {"Type", "Devices", "Viable", "Blockers", "State"});
}

std::string GroupFamily::path_of(const sysfs::DeviceId& id) const {
    const std::string* path = devices_.find(id);
    return path == nullptr ? "/" : *path;
}

int GroupFamily::append(GroupProperty property, const sysfs::Group& group, sd_bus_message* reply) const {
    switch (property) {
        case GroupProperty::kId: return sd_bus_message_append(reply, "i", group.id);
        case GroupProperty::kType: return append_text(reply, group.type);
        case GroupProperty::kDevices: return append_devices(group, reply);
        case GroupProperty::kViable: return sd_bus_message_append(reply, "b", group.viable() ? 1 : 0);
        case GroupProperty::kBlockers: return append_blockers(group, reply);
        case GroupProperty::kState:
            return append_text(reply, group_state_name(keeper_.group_state(group.id)));
    }
    return -EINVAL;
}

int GroupFamily::append_devices(const sysfs::Group& group, sd_bus_message* reply) const {
    int r = sd_bus_message_open_container(reply, 'a', "o");
    for (const sysfs::DeviceId& id : group.devices)
        if (r >= 0 && devices_.find(id) != nullptr)
            r = sd_bus_message_append(reply, "o", path_of(id).c_str());
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

int GroupFamily::append_blockers(const sysfs::Group& group, sd_bus_message* reply) const {
    int r = sd_bus_message_open_container(reply, 'a', "(oss)");
    for (const sysfs::Blocker& blocker : group.blockers)
        if (r >= 0)
            r = sd_bus_message_append(reply, "(oss)", path_of(blocker.device).c_str(),
                                      bus_text(blocker.driver).c_str(), bus_text(blocker.why).c_str());
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

}  // namespace bindd
