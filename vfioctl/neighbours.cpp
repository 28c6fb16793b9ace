// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/neighbours.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "binding/json.hpp"
#include "binding/mdev_store.hpp"
#include "vfioctl/driverctl_files.hpp"
#include "vfioctl/libvirt_files.hpp"

namespace vfioctl {
namespace {

void add_libvirt(const sysfs::Root& root, Neighbours& out) {
    for (const LibvirtHostdev& hostdev : read_libvirt(root)) {
        const bool running = hostdev.state == LibvirtHostdev::State::kRunning;
        const bool binds = hostdev.managed == LibvirtHostdev::Managed::kYes;
        if (!running && !binds)
            continue;
        out[hostdev.device].push_back(
            {.tool = "libvirt",
             .driver = std::nullopt,
             .where = hostdev.path,
             .text = "domain " + hostdev.domain + (running ? " runs with it" : " takes it") +
                     (binds ? ", managed='yes': libvirt binds it and gives it back" : "")});
    }
}

}  // namespace

Neighbours read_neighbours(const sysfs::Root& root) {
    Neighbours out;
    for (const DriverctlEntry& entry : read_driverctl(root))
        if (entry.problem.empty())
            out[entry.device].push_back({.tool = "driverctl",
                                         .driver = entry.driver,
                                         .where = entry.path,
                                         .text = "driverctl binds it to " + entry.driver});
    add_libvirt(root, out);
    for (const binding::MdevDefinition& mdev : binding::MdevStore(root).list({}).definitions)
        if (mdev.start == binding::MdevStart::kAuto)
            out[{"mdev", mdev.uuid}].push_back(
                {.tool = "mdevctl",
                 .driver = std::nullopt,
                 .where = "/etc/mdevctl.d/" + mdev.parent + "/" + mdev.uuid,
                 .text = "mdevctl starts it when " + mdev.parent + " appears"});
    return out;
}

std::vector<std::string> tools_of(const Neighbours& neighbours, const sysfs::DeviceId& device) {
    std::vector<std::string> out;
    const auto found = neighbours.find(device);
    if (found == neighbours.end())
        return out;
    for (const Neighbour& neighbour : found->second)
        if (std::find(out.begin(), out.end(), neighbour.tool) == out.end())
            out.push_back(neighbour.tool);
    return out;
}

nlohmann::ordered_json neighbours_json(const Neighbours& neighbours, const sysfs::DeviceId& device) {
    auto list = nlohmann::ordered_json::array();
    const auto found = neighbours.find(device);
    if (found == neighbours.end())
        return list;
    for (const Neighbour& neighbour : found->second)
        list.push_back({{"tool", neighbour.tool},
                        {"driver", binding::text_or_null(neighbour.driver)},
                        {"where", binding::utf8(neighbour.where)}});
    return list;
}

}  // namespace vfioctl
