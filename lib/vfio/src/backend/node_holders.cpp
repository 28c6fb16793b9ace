// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/backend/node_holders.hpp"

#include <algorithm>

#include "base/dir.hpp"
#include "base/number.hpp"

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
