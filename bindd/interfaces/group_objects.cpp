// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/group_objects.hpp"

#include <cerrno>

#include "bindd/bus/message.hpp"
#include "bindd/interfaces/property_values.hpp"

namespace bindd {

GroupObjects::GroupObjects(sd_bus* bus, const ControllerRunner& controller,
                           const DevicePaths& devices)
    : FallbackObjects(bus, kGroupRoot, kGroupInterface, kGroupVtable<FoundGroup>),
      controller_(controller),
      found_{&controller, &devices, nullptr} {}

void* GroupObjects::find(const std::string& path) {
    const auto id = parse_group_path(path);
    const auto& groups = controller_.view().inventory.groups;
    const auto found = id ? groups.find(*id) : groups.end();
    if (found == groups.end())
        return nullptr;
    found_.group = &found->second;
    return &found_;
}

std::vector<std::string> GroupObjects::paths() const {
    std::vector<std::string> out;
    for (const auto& [id, group] : controller_.view().inventory.groups)
        out.push_back(group_path(id));
    return out;
}

void GroupObjects::appeared(int group) {
    emit_added(group_path(group));
}

void GroupObjects::vanished(int group) {
    emit_removed(group_path(group));
}

void GroupObjects::changed(int group) {
    emit_changed(group_path(group), property_names(kGroupChanging));
}

int GroupObjects::FoundGroup::append(GroupProperty property, sd_bus_message* reply) const {
    switch (property) {
        case GroupProperty::kId:
            return append_value(reply, group->id);
        case GroupProperty::kType:
            return append_value(reply, group->type);
        case GroupProperty::kDevices:
            return append_devices(reply);
        case GroupProperty::kViable:
            return sd_bus_message_append(reply, "b", group->viable() ? 1 : 0);
        case GroupProperty::kBlockers:
            return append_blockers(reply);
        case GroupProperty::kState:
            return append_value(reply, group_state_name(controller->group_state(group->id)));
    }
    return -EINVAL;
}

int GroupObjects::FoundGroup::append_devices(sd_bus_message* reply) const {
    int r = sd_bus_message_open_container(reply, 'a', "o");
    for (const sysfs::DeviceId& id : group->devices)
        if (const std::string* path = devices->find(id); r >= 0 && path != nullptr)
            r = sd_bus_message_append(reply, "o", path->c_str());
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

int GroupObjects::FoundGroup::append_blockers(sd_bus_message* reply) const {
    int r = sd_bus_message_open_container(reply, 'a', "(oss)");
    for (const sysfs::Blocker& blocker : group->blockers)
        if (r >= 0)
            r = sd_bus_message_append(reply, "(oss)", devices->path_or_root(blocker.device).c_str(),
                                      bus_text(blocker.driver).c_str(),
                                      bus_text(blocker.why).c_str());
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

}  // namespace bindd
