// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "vfioctl/command.hpp"
#include "vfioctl/device_words.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/table.hpp"
#include "vfioctl/world.hpp"

namespace vfioctl {
namespace {

using Groups = std::vector<const sysfs::Group*>;

/// Each word is a group's number, or a device whose group is meant.
Outcome<Groups> chosen(const World& world, const std::vector<std::string>& words) {
    std::set<int> ids;
    for (const std::string& word : words) {
        const auto number = sysfs::parse_decimal(word);
        if (number) {
            const auto found = world.inventory.groups.find(static_cast<int>(*number));
            if (*number > 0x7fffffff || found == world.inventory.groups.end())
                return fail(ExitCode::kNoDevice, "group " + word, "no such IOMMU group",
                            "`vfioctl groups` shows the groups there are");
            ids.insert(found->first);
            continue;
        }
        const auto devices = devices_of(world, {word});
        if (!devices)
            return propagate(devices);
        for (const sysfs::DeviceId& id : *devices) {
            const auto group = world.inventory.find(id)->iommu_group;
            if (!group)
                return fail(ExitCode::kNoDevice, id.display(), "is in no IOMMU group");
            ids.insert(*group);
        }
    }
    Groups out;
    for (const auto& [id, group] : world.inventory.groups)
        if (words.empty() || ids.contains(id))
            out.push_back(&group);
    return out;
}

const sysfs::Blocker* blocker_of(const sysfs::Group& group, const sysfs::DeviceId& id) {
    for (const sysfs::Blocker& blocker : group.blockers)
        if (blocker.device == id)
            return &blocker;
    return nullptr;
}

Row::Cell viable_cell(const sysfs::Group& group) {
    return group.viable() ? Row::Cell{"yes", Tint::kGood} : Row::Cell{"no", Tint::kBad};
}

std::string as_list(const Groups& groups, const Screen& screen) {
    std::vector<Row> rows;
    for (const sysfs::Group* group : groups) {
        std::string members;
        for (const sysfs::DeviceId& id : group->devices)
            members += (members.empty() ? "" : " ") + id.display();
        std::string blockers;
        for (const sysfs::Blocker& blocker : group->blockers)
            blockers +=
                (blockers.empty() ? "" : ", ") + blocker.device.display() + " (" + blocker.driver + ")";
        rows.push_back({{{std::to_string(group->id)}, {group->type}, viable_cell(*group), {members}, {blockers}},
                        {}});
    }
    return render_table({{"GROUP", Column::Align::kRight, {}}, {"TYPE"}, {"VIABLE"}, {"DEVICES"}, {"BLOCKED BY"}},
                        rows, screen);
}

std::string as_tree(const Groups& groups, const World& world, sysfs::HardwareDatabase& hardware, const Screen& screen) {
    std::vector<Row> rows;
    for (const sysfs::Group* group : groups) {
        const std::size_t parent = rows.size();
        const std::string type = group->type.empty() ? "" : " (" + group->type + ")";
        rows.push_back({{{"group " + std::to_string(group->id) + type},
                         viable_cell(*group), {" "}, {" "}, {" "}}, {}});
        for (const sysfs::DeviceId& id : group->devices) {
            const sysfs::Device* device = world.inventory.find(id);
            const sysfs::Blocker* blocker = blocker_of(*group, id);
            const auto names = device == nullptr ? binding::HardwareNames{} : names_of(hardware, *device);
            rows.push_back({{{id.display()},
                             {blocker == nullptr ? " " : "blocks: " + blocker->why, Tint::kBad},
                             {device == nullptr ? "" : device->driver.value_or("")},
                             {device == nullptr ? "" : class_word(device->ids)},
                             {names.device.empty() ? names.vendor : names.device}},
                            parent});
        }
    }
    return render_table({{"GROUP"}, {"VIABLE"}, {"DRIVER"}, {"CLASS"}, {"NAME", {}, Column::Fit::kCut}},
                        rows, screen, Shape::kTree);
}

}  // namespace

Outcome<ExitCode> run_groups(Session& session, const Arguments& arguments) {
    // Groups are the kernel's; the policies have no say in them and are not read.
    auto inventory = session.kernel.inventory({});
    if (!inventory)
        return fail(inventory.error());
    World world;
    world.inventory = std::move(*inventory);
    for (const std::string& warning : world.inventory.warnings)
        warn(session, world, warning);
    const auto groups = chosen(world, arguments.words);
    if (!groups)
        return propagate(groups);
    if (session.json()) {
        nlohmann::ordered_json json = document();
        auto& list = json["groups"] = nlohmann::ordered_json::array();
        for (const sysfs::Group* group : *groups)
            list.push_back(binding::group_json(*group));
        json["warnings"] = world.warnings;
        session.out << dump(json);
        return ExitCode::kDone;
    }
    if (groups->empty()) {
        session.err << "vfioctl: no IOMMU groups: the IOMMU is off or this host has none\n";
        return ExitCode::kDone;
    }
    sysfs::HardwareDatabase hardware(session.options.root);
    session.out << (arguments.has("tree") ? as_tree(*groups, world, hardware, session.screen)
                                          : as_list(*groups, session.screen));
    return ExitCode::kDone;
}

}  // namespace vfioctl
