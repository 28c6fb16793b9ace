// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/groups.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "base/join.hpp"
#include "binding/codec/json.hpp"
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

/// The part of a syspath that is the root of its device's tree: "pci0000:00", "platform".
std::string tree_root(const sysfs::Device& device) {
    constexpr std::size_t kDevices = sizeof "/sys/devices/" - 1;
    const std::size_t end = std::min(device.syspath.find('/', kDevices), device.syspath.size());
    return device.syspath.size() <= kDevices ? device.id.bus
                                             : device.syspath.substr(kDevices, end - kDevices);
}

/// The devices of the groups below the bridges that lead to them, which decide the isolation.
class GroupTree {
  public:
    GroupTree(const HostAssessment& assessment, sysfs::HardwareDatabase& hardware)
        : assessment_(assessment), hardware_(hardware) {
        for (const sysfs::Device& device : assessment.inventory.devices)
            by_path_[device.syspath] = &device;
    }

    void add(const sysfs::DeviceId& id) {
        if (const sysfs::Device* device = assessment_.inventory.find(id))
            row_index(*device);
    }
    [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }

    /// The nearest device above it: a bridge, or an mdev's parent.
    [[nodiscard]] const sysfs::Device* device_above(const sysfs::Device& device) const {
        std::string path = device.syspath;
        do
            path.resize(std::min(path.rfind('/'), path.size()));
        while (!path.empty() && !by_path_.contains(path));
        return path.empty() ? nullptr : by_path_.at(path);
    }

    /// `members` of a group in JSON: what the tree shows of them.
    [[nodiscard]] nlohmann::ordered_json members_json(const sysfs::Group& group) const {
        nlohmann::ordered_json out = nlohmann::ordered_json::array();
        for (const sysfs::DeviceId& id : group.devices) {
            const sysfs::Device* device = assessment_.inventory.find(id);
            if (device == nullptr)
                continue;
            const auto names = hardware_names(hardware_, *device);
            const sysfs::Device* above = device_above(*device);
            out.push_back({{"address", binding::utf8(id.display())},
                           {"below", above == nullptr ? nlohmann::ordered_json(nullptr)
                                                      : binding::text_or_null(above->id.display())},
                           {"driver", binding::text_or_null(device->driver)},
                           {"class", binding::hex_or_null(device->ids.class_code, 6)},
                           {"vendor_name", binding::text_or_null(names.vendor)},
                           {"device_name", binding::text_or_null(names.device)}});
        }
        return out;
    }

  private:
    /// The row of the device, below the nearest device above it.
    std::size_t row_index(const sysfs::Device& device) {
        if (const auto known = indices_.find(device.syspath); known != indices_.end())
            return known->second;
        std::size_t parent = 0;
        if (const sysfs::Device* above = device_above(device)) {
            parent = row_index(*above);
        } else {
            const auto [at, added] = indices_.try_emplace(tree_root(device), rows_.size());
            parent = at->second;
            if (added)
                rows_.push_back({{{at->first}, {" "}, {" "}, {" "}, {" "}, {" "}}, {}});
        }
        rows_.push_back(device_row(device, parent));
        return indices_[device.syspath] = rows_.size() - 1;
    }

    [[nodiscard]] Row device_row(const sysfs::Device& device, std::size_t parent) const {
        const sysfs::Group* group = assessment_.inventory.find_group(device);
        const auto names = hardware_names(hardware_, device);
        return {{{device.id.display()},
                 {group == nullptr ? "" : std::to_string(group->id)},
                 group == nullptr ? Row::Cell{} : isolation_cell(assessment_, *group),
                 {device.driver.value_or("")},
                 {device_class_name(device.ids)},
                 {names.device.empty() ? names.vendor : names.device}},
                parent};
    }

    const HostAssessment& assessment_;
    sysfs::HardwareDatabase& hardware_;
    std::map<std::string, const sysfs::Device*> by_path_;
    std::map<std::string, std::size_t> indices_;  ///< into rows_, by syspath or root
    std::vector<Row> rows_;
};

std::string as_tree(const GroupList& groups, const HostAssessment& assessment,
                    sysfs::HardwareDatabase& hardware, const Terminal& terminal) {
    std::set<sysfs::DeviceId> members;
    for (const sysfs::Group* group : groups)
        members.insert(group->devices.begin(), group->devices.end());
    GroupTree tree(assessment, hardware);
    for (const sysfs::Device& device : assessment.inventory.devices)  // in their order
        if (members.contains(device.id))
            tree.add(device.id);
    return render_table({{"DEVICE"},
                         {"GROUP", Column::Align::kRight, {}},
                         {"ISOLATION"},
                         {"DRIVER"},
                         {"CLASS"},
                         {"NAME", {}, Column::Fit::kCut}},
                        tree.rows(), terminal, Shape::kTree);
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
    sysfs::HardwareDatabase hardware(cli.options.root);
    if (cli.json()) {
        const GroupTree tree(assessment, hardware);
        nlohmann::ordered_json json = json_document();
        auto& list = json["groups"] = nlohmann::ordered_json::array();
        for (const sysfs::Group* group : groups) {
            list.push_back(binding::group_json(*group));
            const Isolation isolation = group_isolation(assessment, *group);
            list.back()["isolation"] = isolation.name;
            list.back()["along"] = isolation.along;
            list.back()["members"] = tree.members_json(*group);
        }
        json["warnings"] = assessment.warnings;
        cli.out << dump(json);
        return ExitCode::kDone;
    }
    if (groups.empty()) {
        cli.err << "vfioctl: no IOMMU groups: the IOMMU is off or this host has none\n";
        return ExitCode::kDone;
    }
    cli.out << (arguments.has("tree") ? as_tree(groups, assessment, hardware, cli.terminal)
                                      : as_list(groups, assessment, cli.terminal));
    return ExitCode::kDone;
}

}  // namespace vfioctl
