// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/backend/blockers.hpp"

#include <algorithm>

#include "base/dir.hpp"
#include "base/number.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/device/names.hpp"

namespace vfio {
namespace {

/// False as well for a process that this one may not read, and for one that has ended.
bool has_open(const base::Dir& process, std::string_view node) {
    const auto fds = process.entries("fd");
    return fds && std::any_of(fds->begin(), fds->end(), [&](const std::string& fd) {
               return process.link("fd/" + fd) == node;
           });
}

}  // namespace

std::vector<sysfs::Blocker> find_group_blockers(const sysfs::Root& root, const std::string& group) {
    std::vector<sysfs::Blocker> blockers;
    if (!base::parse_decimal(group))
        return blockers;
    const auto members =
        base::Dir::open(root.path("/sys/kernel/iommu_groups/" + group + "/devices"));
    if (!members)
        return blockers;
    const auto names = members->entries();
    for (const std::string& name : names ? *names : std::vector<std::string>{}) {
        const auto bus = members->link_name(name + "/subsystem");
        if (!bus)
            continue;
        const auto device = sysfs::read_device(root, {*bus, name}, {});
        if (device && !sysfs::leaves_dma_alone(*device))
            blockers.push_back({.device = device->id,
                                .driver = device->driver.value_or(""),
                                .why = "its driver does DMA"});
    }
    return blockers;
}

std::string text(const std::vector<sysfs::Blocker>& blockers) {
    std::string out;
    for (const sysfs::Blocker& blocker : blockers)
        out += (out.empty() ? "" : ", ") + blocker.device.display() + " (" + blocker.driver + ")";
    return out;
}

std::vector<Holder> find_node_holders(const sysfs::Root& root, std::string_view node) {
    std::vector<Holder> holders;
    const auto proc = base::Dir::open(root.path("/proc"));
    const auto names = proc ? proc->entries() : base::propagate(proc);
    if (!names)
        return holders;
    for (const std::string& name : *names) {
        const auto pid = base::parse_decimal(name);
        const auto process = pid ? proc->sub(name) : base::propagate(pid);
        if (process && has_open(*process, node))
            holders.push_back(
                {.pid = static_cast<int>(*pid), .command = process->attr("comm").value_or("?")});
    }
    std::sort(holders.begin(), holders.end());
    return holders;
}

std::string text(const std::vector<Holder>& holders) {
    std::string out;
    for (const Holder& holder : holders)
        out += (out.empty() ? "held by " : ", ") + holder.text();
    return out;
}

}  // namespace vfio
