// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/groups.hpp"

#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "base/join.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/render/device_format.hpp"
#include "vfioctl/render/table.hpp"

namespace vfioctl {
namespace {

using GroupList = std::vector<const sysfs::Group*>;

/// Each word is a group's number, or a device, which selects its group.
CliResult<GroupList> select_groups(CliContext& cli, const HostAssessment& assessment,
                                   const std::vector<std::string>& words) {
    std::set<int> ids;
    for (const std::string& word : words) {
        const auto number = base::parse_decimal(word);
        if (number) {
            const auto found = assessment.inventory.groups.find(static_cast<int>(*number));
            if (*number > 0x7fffffff || found == assessment.inventory.groups.end())
                return fail(ExitCode::kNoDevice, "group " + word, "no such IOMMU group",
                            "`vfioctl groups` shows the groups there are");
            ids.insert(found->first);
            continue;
        }
        const auto devices = TRY(resolve_devices(cli, assessment, {word}));
        for (const sysfs::DeviceId& id : devices) {
            const auto group = assessment.inventory.find(id)->iommu_group;
            if (!group)
                return fail(ExitCode::kNoDevice, id.display(), "is in no IOMMU group");
            ids.insert(*group);
        }
    }
    GroupList out;
    for (const auto& [id, group] : assessment.inventory.groups)
        if (words.empty() || ids.contains(id))
            out.push_back(&group);
    return out;
}

const sysfs::Blocker* find_blocker(const sysfs::Group& group, const sysfs::DeviceId& id) {
    for (const sysfs::Blocker& blocker : group.blockers)
        if (blocker.device == id)
            return &blocker;
    return nullptr;
}

Row::Cell viable_cell(const sysfs::Group& group) {
    return group.viable() ? Row::Cell{"yes", TextStyle::kGood} : Row::Cell{"no", TextStyle::kBad};
}

std::string as_list(const GroupList& groups, const Terminal& terminal) {
    std::vector<Row> rows;
    for (const sysfs::Group* group : groups) {
        const std::string members = base::join(group->devices, " ", &sysfs::DeviceId::display);
        const std::string blockers =
            base::join(group->blockers, ", ", [](const sysfs::Blocker& blocker) {
                return blocker.device.display() + " (" + blocker.driver + ")";
            });
        rows.push_back({{{std::to_string(group->id)},
                         {group->type},
                         viable_cell(*group),
                         {members},
                         {blockers}},
                        {}});
    }
    return render_table(
        {{"GROUP", Column::Align::kRight, {}}, {"TYPE"}, {"VIABLE"}, {"DEVICES"}, {"BLOCKED BY"}},
        rows, terminal);
}

std::string as_tree(const GroupList& groups, const HostAssessment& assessment,
                    sysfs::HardwareDatabase& hardware, const Terminal& terminal) {
    std::vector<Row> rows;
    for (const sysfs::Group* group : groups) {
        const std::size_t parent = rows.size();
        const std::string type = group->type.empty() ? "" : " (" + group->type + ")";
        rows.push_back({{{"group " + std::to_string(group->id) + type},
                         viable_cell(*group),
                         {" "},
                         {" "},
                         {" "}},
                        {}});
        for (const sysfs::DeviceId& id : group->devices) {
            const sysfs::Device* device = assessment.inventory.find(id);
            const sysfs::Blocker* blocker = find_blocker(*group, id);
            const auto names =
                device == nullptr ? binding::DeviceNames{} : hardware_names(hardware, *device);
            rows.push_back(
                {{{id.display()},
                  {blocker == nullptr ? " " : "blocks: " + blocker->why, TextStyle::kBad},
                  {device == nullptr ? "" : device->driver.value_or("")},
                  {device == nullptr ? "" : device_class_name(device->ids)},
                  {names.device.empty() ? names.vendor : names.device}},
                 parent});
        }
    }
    return render_table(
        {{"GROUP"}, {"VIABLE"}, {"DRIVER"}, {"CLASS"}, {"NAME", {}, Column::Fit::kCut}}, rows,
        terminal, Shape::kTree);
}

}  // namespace

CliResult<ExitCode> run_groups(CliContext& cli, const Arguments& arguments) {
    // Groups do not depend on policies, so none are read.
    auto inventory = TRY(to_cli(cli.kernel.inventory({})));
    HostAssessment assessment;
    assessment.inventory = std::move(inventory);
    for (const std::string& warning : assessment.inventory.warnings)
        warn(cli, assessment, warning);
    const auto groups = TRY(select_groups(cli, assessment, arguments.words));
    if (cli.json()) {
        nlohmann::ordered_json json = json_document();
        auto& list = json["groups"] = nlohmann::ordered_json::array();
        for (const sysfs::Group* group : groups)
            list.push_back(binding::group_json(*group));
        json["warnings"] = assessment.warnings;
        cli.out << dump(json);
        return ExitCode::kDone;
    }
    if (groups.empty()) {
        cli.err << "vfioctl: no IOMMU groups: the IOMMU is off or this host has none\n";
        return ExitCode::kDone;
    }
    sysfs::HardwareDatabase hardware(cli.options.root);
    cli.out << (arguments.has("tree") ? as_tree(groups, assessment, hardware, cli.terminal)
                                      : as_list(groups, cli.terminal));
    return ExitCode::kDone;
}

}  // namespace vfioctl
