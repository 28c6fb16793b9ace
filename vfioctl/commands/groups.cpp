// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/groups.hpp"

#include <algorithm>
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

/// What it takes to assign a device of a group: how many other members have to leave their host
/// drivers along with it. Every device on a host driver makes its group "not viable" for VFIO
/// (iommu_group_claim_dma_owner()), which says nothing to someone who has assigned none.
struct Isolation {
    const char* name = "isolated";  ///< no member is on a host driver
    std::size_t along = 0;
    TextStyle style = TextStyle::kGood;
};

Isolation group_isolation(const HostAssessment& assessment, const sysfs::Group& group) {
    if (group.viable())
        return {};
    const bool assigned =
        std::any_of(group.devices.begin(), group.devices.end(), [&](const sysfs::DeviceId& id) {
            const sysfs::Device* device = assessment.inventory.find(id);
            return device != nullptr && device->vfio.has_value();
        });
    const std::size_t along = group.blockers.size() - (assigned ? 0 : 1);
    if (along == 0)
        return {"alone", 0, TextStyle::kNone};
    return {"shared", along, assigned ? TextStyle::kBad : TextStyle::kChange};
}

Row::Cell isolation_cell(const HostAssessment& assessment, const sysfs::Group& group) {
    const Isolation isolation = group_isolation(assessment, group);
    if (isolation.along == 0)
        return {isolation.name, isolation.style};
    return {"needs " + std::to_string(isolation.along) + " along", isolation.style};
}

std::string as_list(const GroupList& groups, const HostAssessment& assessment,
                    const Terminal& terminal) {
    std::vector<Row> rows;
    for (const sysfs::Group* group : groups) {
        const std::string members = base::join(group->devices, " ", &sysfs::DeviceId::display);
        const std::string blockers =
            base::join(group->blockers, ", ", [](const sysfs::Blocker& blocker) {
                return blocker.device.display() + " (" + blocker.driver + ")";
            });
        rows.push_back({{{std::to_string(group->id)},
                         {group->type},
                         isolation_cell(assessment, *group),
                         {members},
                         {blockers}},
                        {}});
    }
    return render_table({{"GROUP", Column::Align::kRight, {}},
                         {"TYPE"},
                         {"ISOLATION"},
                         {"DEVICES"},
                         {"ON HOST DRIVERS"}},
                        rows, terminal);
}

std::string as_tree(const GroupList& groups, const HostAssessment& assessment,
                    sysfs::HardwareDatabase& hardware, const Terminal& terminal) {
    std::vector<Row> rows;
    for (const sysfs::Group* group : groups) {
        const std::size_t parent = rows.size();
        const std::string type = group->type.empty() ? "" : " (" + group->type + ")";
        rows.push_back({{{"group " + std::to_string(group->id) + type},
                         isolation_cell(assessment, *group),
                         {" "},
                         {" "},
                         {" "}},
                        {}});
        for (const sysfs::DeviceId& id : group->devices) {
            const sysfs::Device* device = assessment.inventory.find(id);
            const sysfs::Blocker* blocker = find_blocker(*group, id);
            const auto names =
                device == nullptr ? binding::DeviceNames{} : hardware_names(hardware, *device);
            rows.push_back({{{id.display()},
                             {blocker == nullptr ? " " : blocker->why},
                             {device == nullptr ? "" : device->driver.value_or("")},
                             {device == nullptr ? "" : device_class_name(device->ids)},
                             {names.device.empty() ? names.vendor : names.device}},
                            parent});
        }
    }
    return render_table(
        {{"GROUP"}, {"ISOLATION"}, {"DRIVER"}, {"CLASS"}, {"NAME", {}, Column::Fit::kCut}}, rows,
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
        for (const sysfs::Group* group : groups) {
            list.push_back(binding::group_json(*group));
            const Isolation isolation = group_isolation(assessment, *group);
            list.back()["isolation"] = isolation.name;
            list.back()["along"] = isolation.along;
        }
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
                                      : as_list(groups, assessment, cli.terminal));
    return ExitCode::kDone;
}

}  // namespace vfioctl
