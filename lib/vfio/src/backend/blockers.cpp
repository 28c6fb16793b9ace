// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/backend/blockers.hpp"

#include <algorithm>
#include <fstream>

#include "base/dir.hpp"
#include "base/join.hpp"
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

/// Line by line: a read of this file is short wherever a line does not fit any more.
bool has_mapped(const std::string& maps, std::string_view node) {
    std::ifstream lines(maps);
    for (std::string line; std::getline(lines, line);)
        if (line.ends_with(" " + std::string(node)))
            return true;
    return false;
}

void append(std::string& out, const std::vector<Holder>& holders, Holder::Hold hold,
            const char* how) {
    bool first = true;
    for (const Holder& holder : holders)
        if (holder.hold == hold) {
            out += first ? (out.empty() ? "" : "; ") + std::string(how) : ", ";
            out += holder.command + " (pid " + std::to_string(holder.pid) + ")";
            first = false;
        }
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
    const std::string out = base::join(blockers, ", ", [](const sysfs::Blocker& blocker) {
        return blocker.device.display() + " (" + blocker.driver + ")";
    });
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
        if (!process)
            continue;
        const bool open = has_open(*process, node);
        if (open || has_mapped(root.path("/proc/" + name + "/maps"), node))
            holders.push_back({.pid = static_cast<int>(*pid),
                               .command = process->attr("comm").value_or("?"),
                               .hold = open ? Holder::Hold::kOpen : Holder::Hold::kMapped});
    }
    std::sort(holders.begin(), holders.end());
    return holders;
}

std::string text(const std::vector<Holder>& holders) {
    std::string out;
    append(out, holders, Holder::Hold::kOpen, "held by ");
    append(out, holders, Holder::Hold::kMapped, "mapped by ");
    const bool mapped = std::any_of(holders.begin(), holders.end(), [](const Holder& holder) {
        return holder.hold == Holder::Hold::kMapped;
    });
    return mapped ? out + ", which has closed it" : out;
}

}  // namespace vfio
