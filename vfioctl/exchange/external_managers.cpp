// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/exchange/external_managers.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "binding/codec/json.hpp"
#include "binding/mdevctl/mdev_store.hpp"
#include "vfioctl/exchange/driverctl_config.hpp"
#include "vfioctl/exchange/libvirt_domains.hpp"

namespace vfioctl {
namespace {

void add_libvirt(const sysfs::Root& root, ExternalManagers& out) {
    for (const LibvirtHostdev& hostdev : read_libvirt_hostdevs(root)) {
        const bool running = hostdev.state == LibvirtHostdev::DomainState::kRunning;
        const bool binds = hostdev.managed == LibvirtHostdev::ManagedMode::kYes;
        if (!running && !binds)
            continue;
        out[hostdev.device].push_back(
            {.tool = "libvirt",
             .driver = std::nullopt,
             .where = hostdev.path,
             .managed = binds,
             .text = (running ? "in use by domain " : "assigned to domain ") + hostdev.domain +
                     (binds ? ", managed='yes': libvirt binds and rebinds it" : "")});
    }
}

}  // namespace

ExternalManagers read_external_managers(const sysfs::Root& root) {
    ExternalManagers out;
    for (const DriverctlEntry& entry : read_driverctl_config(root))
        if (entry.problem.empty())
            out[entry.device].push_back({.tool = "driverctl",
                                         .driver = entry.driver,
                                         .where = entry.path,
                                         .managed = false,
                                         .text = "driverctl binds it to " + entry.driver});
    add_libvirt(root, out);
    for (const binding::MdevDefinition& mdev : binding::MdevStore(root).list({}).definitions)
        if (mdev.start == binding::MdevStart::kAuto)
            out[{"mdev", mdev.uuid}].push_back(
                {.tool = "mdevctl",
                 .driver = std::nullopt,
                 .where = "/etc/mdevctl.d/" + mdev.parent + "/" + mdev.uuid,
                 .managed = false,
                 .text = "mdevctl starts it when " + mdev.parent + " appears"});
    return out;
}

std::vector<std::string> tool_names(const ExternalManagers& external_managers,
                                    const sysfs::DeviceId& device) {
    std::vector<std::string> out;
    const auto found = external_managers.find(device);
    if (found == external_managers.end())
        return out;
    for (const ExternalManager& manager : found->second)
        if (std::find(out.begin(), out.end(), manager.tool) == out.end())
            out.push_back(manager.tool);
    return out;
}

nlohmann::ordered_json external_managers_json(const ExternalManagers& external_managers,
                                              const sysfs::DeviceId& device) {
    auto list = nlohmann::ordered_json::array();
    const auto found = external_managers.find(device);
    if (found == external_managers.end())
        return list;
    for (const ExternalManager& manager : found->second)
        list.push_back({{"tool", manager.tool},
                        {"driver", binding::text_or_null(manager.driver)},
                        {"where", binding::utf8(manager.where)}});
    return list;
}

}  // namespace vfioctl
