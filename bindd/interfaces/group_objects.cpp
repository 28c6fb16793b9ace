// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/group_objects.hpp"

#include <cerrno>

#include "bindd/bus/message.hpp"
#include "bindd/interfaces/property_values.hpp"

namespace bindd {

GroupObjects::GroupObjects(sd_bus* bus, const Controller& controller, const DevicePaths& devices)
    : FallbackObjects(bus, kGroupRoot, kGroupInterface, kGroupVtable<GroupObjects>),
      controller_(controller),
      devices_(devices) {}

void* GroupObjects::find(const std::string& path) {
    const auto id = parse_group_path(path);
    const auto& groups = controller_.view().inventory.groups;
    const auto found = id ? groups.find(*id) : groups.end();
    if (found == groups.end())
        return nullptr;
    facts_ = {this, &found->second};
    return &facts_;
}

std::vector<std::string> GroupObjects::paths() const {
    std::vector<std::string> out;
    for (const int group : known_)
        out.push_back(group_path(group));
    return out;
}

void GroupObjects::appeared(int group) {
    if (known_.insert(group).second)
        emit_added(group_path(group));
}

void GroupObjects::vanished(int group) {
    if (known_.erase(group) > 0)
        emit_removed(group_path(group));
}

void GroupObjects::changed(int group) {
    if (known_.contains(group))
        emit_changed(group_path(group), {"Type", "Devices", "Viable", "Blockers", "State"});
}

std::string GroupObjects::device_path(const sysfs::DeviceId& id) const {
    const std::string* path = devices_.find(id);
    return path == nullptr ? "/" : *path;
}

int GroupObjects::append(GroupProperty property, const sysfs::Group& group,
                         sd_bus_message* reply) const {
    switch (property) {
        case GroupProperty::kId:
            return sd_bus_message_append(reply, "i", group.id);
        case GroupProperty::kType:
            return append_text(reply, group.type);
        case GroupProperty::kDevices:
            return append_devices(group, reply);
        case GroupProperty::kViable:
            return sd_bus_message_append(reply, "b", group.viable() ? 1 : 0);
        case GroupProperty::kBlockers:
            return append_blockers(group, reply);
        case GroupProperty::kState:
            return append_text(reply, group_state_name(controller_.group_state(group.id)));
    }
    return -EINVAL;
}

int GroupObjects::append_devices(const sysfs::Group& group, sd_bus_message* reply) const {
    int r = sd_bus_message_open_container(reply, 'a', "o");
    for (const sysfs::DeviceId& id : group.devices)
        if (r >= 0 && devices_.find(id) != nullptr)
            r = sd_bus_message_append(reply, "o", device_path(id).c_str());
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

int GroupObjects::append_blockers(const sysfs::Group& group, sd_bus_message* reply) const {
    int r = sd_bus_message_open_container(reply, 'a', "(oss)");
    for (const sysfs::Blocker& blocker : group.blockers)
        if (r >= 0)
            r = sd_bus_message_append(reply, "(oss)", device_path(blocker.device).c_str(),
                                      bus_text(blocker.driver).c_str(),
                                      bus_text(blocker.why).c_str());
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

}  // namespace bindd
