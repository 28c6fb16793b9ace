// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "sysfs/text_file.hpp"
#include "vfioctl/command.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/world.hpp"

/// `vfioctl aliases`: the names below /dev/vfio/by-path, which say the device and not a number that is another after a
/// reboot. udev makes the links (60-bindd-vfio.rules); for a group's node, which has no device above it in sysfs, it
/// asks this command.
namespace vfioctl {
namespace {

constexpr const char* kDirectory = "vfio/by-path/";

struct Alias {
    sysfs::DeviceId device;
    std::string name;  ///< below /dev
    std::string node;  ///< the same
};

/// As udev spells a link's name: of other characters it makes '_' itself.
std::string alias_of(const sysfs::DeviceId& id) {
    std::string name = id.bus + "-" + id.name;
    std::replace_if(
        name.begin(), name.end(),
        [](char c) {
            constexpr std::string_view kOthers = "#+-.:=@_";
            const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            return !plain && kOthers.find(c) == std::string_view::npos;
        },
        '_');
    return kDirectory + name;
}

std::string group_alias_of(const sysfs::DeviceId& id) {
    return alias_of(id) + "-group";
}

std::vector<Alias> aliases_of(const sysfs::Device& device) {
    std::vector<Alias> out;
    if (device.vfio && device.vfio->group)
        out.push_back({device.id, group_alias_of(device.id), "vfio/" + *device.vfio->group});
    if (device.vfio && device.vfio->cdev)
        out.push_back({device.id, alias_of(device.id), "vfio/devices/" + *device.vfio->cdev});
    return out;
}

/// "15" or "noiommu-0", as udev has it; every member has a link, since more of them may become VFIO's while the
/// group's node is there.
Outcome<std::vector<Alias>> aliases_of_group(const sysfs::Root& root, const std::string& node) {
    constexpr std::string_view kUnsafe = "noiommu-";
    const std::string number = node.starts_with(kUnsafe) ? node.substr(kUnsafe.size()) : node;
    if (!sysfs::parse_decimal(number))
        return fail(ExitCode::kUsage, "--udev " + node, "is no group's node", "15, or noiommu-0");
    const std::string members = root.path("/sys/kernel/iommu_groups/" + number + "/devices");
    std::vector<Alias> out;
    for (const std::string& name : sysfs::list_directory(members)) {
        const auto bus = sysfs::read_link(members + "/" + name + "/subsystem");
        if (!bus)
            continue;
        const sysfs::DeviceId id{sysfs::base_name(*bus), name};
        out.push_back({id, group_alias_of(id), "vfio/" + node});
    }
    return out;
}

/// One line, the names alone and below /dev: SYMLINK+="$result".
std::string udev_line(const std::vector<Alias>& aliases) {
    std::string line;
    for (const Alias& alias : aliases)
        line += (line.empty() ? "" : " ") + alias.name;
    return line + "\n";
}

Outcome<std::vector<Alias>> aliases_of_devices(Session& session, const Arguments& arguments) {
    World world;
    auto inventory = session.kernel.inventory({});
    if (!inventory)
        return fail(inventory.error());
    world.inventory = *std::move(inventory);
    std::vector<sysfs::DeviceId> ids;
    for (const sysfs::Device& device : world.inventory.devices)
        ids.push_back(device.id);
    if (!arguments.words.empty()) {
        auto named = devices_of(world, arguments.words);
        if (!named)
            return propagate(named);
        ids = *std::move(named);
    }
    std::vector<Alias> out;
    for (const sysfs::DeviceId& id : ids)
        for (Alias& alias : aliases_of(*world.inventory.find(id)))
            out.push_back(std::move(alias));
    return out;
}

void print_json(Session& session, const std::vector<Alias>& aliases) {
    nlohmann::ordered_json json = document();
    auto& list = json["aliases"] = nlohmann::ordered_json::array();
    for (const Alias& alias : aliases)
        list.push_back({{"device", alias.device.display()},
                        {"alias", "/dev/" + alias.name},
                        {"node", "/dev/" + alias.node}});
    session.out << dump(json);
}

}  // namespace

Outcome<ExitCode> run_aliases(Session& session, const Arguments& arguments) {
    const auto node = arguments.one("udev");
    const auto aliases =
        node ? aliases_of_group(session.options.root, *node) : aliases_of_devices(session, arguments);
    if (!aliases)
        return propagate(aliases);
    if (session.json())
        print_json(session, *aliases);
    else if (node)
        session.out << udev_line(*aliases);
    else
        for (const Alias& alias : *aliases)
            session.out << "/dev/" << printable(alias.name) << " -> /dev/" << alias.node << "\n";
    return ExitCode::kDone;
}

}  // namespace vfioctl
