// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/aliases.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/file_io.hpp"
#include "base/join.hpp"
#include "base/path.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"

/// `vfioctl aliases`: the names below /dev/vfio/by-path, which identify the device, unlike numbers
/// that change with a reboot. udev creates the links (60-bindd-vfio.rules); for a group's node,
/// which has no device above it in sysfs, it calls this command.
namespace vfioctl {
namespace {

constexpr const char* kAliasDirectory = "vfio/by-path/";

struct NodeAlias {
    sysfs::DeviceId device;
    std::string name;  ///< below /dev
    std::string node;  ///< the same
};

/// As udev spells a link's name: of other characters it makes '_' itself.
std::string alias_name(const sysfs::DeviceId& id) {
    std::string name = id.bus + "-" + id.name;
    std::replace_if(
        name.begin(), name.end(),
        [](char c) {
            constexpr std::string_view kOthers = "#+-.:=@_";
            const bool plain =
                (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            return !plain && kOthers.find(c) == std::string_view::npos;
        },
        '_');
    return kAliasDirectory + name;
}

std::string group_alias_name(const sysfs::DeviceId& id) {
    return alias_name(id) + "-group";
}

std::vector<NodeAlias> device_aliases(const sysfs::Device& device) {
    std::vector<NodeAlias> out;
    if (device.vfio && device.vfio->group)
        out.push_back({device.id, group_alias_name(device.id), "vfio/" + *device.vfio->group});
    if (device.vfio && device.vfio->cdev)
        out.push_back({device.id, alias_name(device.id), "vfio/devices/" + *device.vfio->cdev});
    return out;
}

/// "15" or "noiommu-0", as in udev; every member has a link, since more of them may be bound to
/// VFIO while the group's node exists.
CliResult<std::vector<NodeAlias>> group_aliases(const sysfs::Root& root, const std::string& node) {
    constexpr std::string_view kUnsafe = "noiommu-";
    const std::string number = node.starts_with(kUnsafe) ? node.substr(kUnsafe.size()) : node;
    if (!base::parse_decimal(number))
        return fail(ExitCode::kUsage, "--udev " + node, "is no group's node", "15, or noiommu-0");
    const std::string members = root.path("/sys/kernel/iommu_groups/" + number + "/devices");
    std::vector<NodeAlias> out;
    for (const std::string& name : base::list_directory(members)) {
        const auto bus = base::read_link(members + "/" + name + "/subsystem");
        if (!bus)
            continue;
        const sysfs::DeviceId id{base::base_name(*bus), name};
        out.push_back({id, group_alias_name(id), "vfio/" + node});
    }
    return out;
}

/// One line, the names alone and below /dev: SYMLINK+="$result".
std::string udev_line(const std::vector<NodeAlias>& aliases) {
    const std::string line =
        base::join(aliases, " ", [](const NodeAlias& alias) { return alias.name; });
    return line + "\n";
}

CliResult<std::vector<NodeAlias>> requested_aliases(CliContext& cli, const Arguments& arguments) {
    HostAssessment assessment;
    assessment.inventory = TRY(to_cli(cli.kernel.inventory({})));
    std::vector<sysfs::DeviceId> ids;
    for (const sysfs::Device& device : assessment.inventory.devices)
        ids.push_back(device.id);
    if (!arguments.words.empty()) {
        ids = TRY(resolve_devices(cli, assessment, arguments.words));
    }
    std::vector<NodeAlias> out;
    for (const sysfs::DeviceId& id : ids)
        for (NodeAlias& alias : device_aliases(*assessment.inventory.find(id)))
            out.push_back(std::move(alias));
    return out;
}

void print_json(CliContext& cli, const std::vector<NodeAlias>& aliases) {
    nlohmann::ordered_json json = json_document();
    auto& list = json["aliases"] = nlohmann::ordered_json::array();
    for (const NodeAlias& alias : aliases)
        list.push_back({{"device", alias.device.display()},
                        {"alias", "/dev/" + alias.name},
                        {"node", "/dev/" + alias.node}});
    cli.out << dump(json);
}

}  // namespace

CliResult<ExitCode> run_aliases(CliContext& cli, const Arguments& arguments) {
    const auto node = arguments.one("udev");
    const auto aliases =
        TRY(node ? group_aliases(cli.options.root, *node) : requested_aliases(cli, arguments));
    if (cli.json())
        print_json(cli, aliases);
    else if (node)
        cli.out << udev_line(aliases);
    else
        for (const NodeAlias& alias : aliases)
            cli.out << "/dev/" << printable(alias.name) << " -> /dev/" << alias.node << "\n";
    return ExitCode::kDone;
}

}  // namespace vfioctl
