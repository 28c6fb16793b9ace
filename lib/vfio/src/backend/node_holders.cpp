// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/backend/node_holders.hpp"

#include <algorithm>
#include <charconv>
#include <functional>

#include "base/dir.hpp"

namespace vfio {

namespace {

using Matches = std::function<bool(const base::Dir& process, const std::string& fd)>;

bool any_fd(const base::Dir& process, const Matches& matches) {
    const auto fds = process.entries("fd");
    if (!fds)
        return false;  // not ours to look at, or gone
    return std::any_of(fds->begin(), fds->end(),
                       [&](const std::string& fd) { return matches(process, fd); });
}

std::vector<Holder> walk(const sysfs::Root& root, const Matches& matches) {
    std::vector<Holder> holders;
    const auto proc = base::Dir::open(root.path("/proc"));
    if (!proc)
        return holders;
    const auto names = proc->entries();
    if (!names)
        return holders;
    for (const std::string& name : *names) {
        int pid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (error != std::errc() || end != name.data() + name.size())
            continue;
        const auto process = proc->sub(name);
        if (process && any_fd(*process, matches))
            holders.push_back({.pid = pid, .command = process->attr("comm").value_or("?")});
    }
    std::sort(holders.begin(), holders.end());
    return holders;
}

}  // namespace

std::vector<Holder> find_node_holders(const sysfs::Root& root, std::string_view node) {
    return walk(root, [node](const base::Dir& process, const std::string& fd) {
        return process.link("fd/" + fd) == node;
    });
}

std::vector<Holder> find_device_holders(const sysfs::Root& root, std::string_view syspath) {
    constexpr std::string_view kKey = "vfio-device-syspath:";
    return walk(root, [=](const base::Dir& process, const std::string& fd) {
        const auto text = process.attr("fdinfo/" + fd);
        if (!text)
            return false;
        const auto key = text->find(kKey);
        if (key == std::string::npos)
            return false;
        const auto start = text->find_first_not_of(" \t", key + kKey.size());
        if (start == std::string::npos)
            return false;
        return std::string_view(*text).substr(start, text->find('\n', start) - start) == syspath;
    });
}

std::string text(const std::vector<Holder>& holders) {
    std::string out;
    for (const Holder& holder : holders)
        out += (out.empty() ? "held by " : ", ") + holder.text();
    return out;
}

}  // namespace vfio
