// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/process.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>
#include <string_view>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "sysfs/device/names.hpp"

namespace sysfs {
namespace {

/// As `comm` has it; the process may be gone.
std::string process_name(const Root& root, const std::string& pid) {
    std::string name = base::read_file(root.path("/proc/" + pid + "/comm")).value_or("");
    if (!name.empty() && name.back() == '\n')
        name.pop_back();
    return name.empty() ? "a process" : name;
}

struct ProcessStat {
    std::string state;
    pid_t parent = 0;
};

std::optional<ProcessStat> read_stat(const Root& root, pid_t pid) {
    // "712 (a name (with) anything) S 1 ...": the name ends at the last parenthesis.
    const std::string text = base::read_file(process_dir(root, pid) + "/stat").value_or("");
    const auto end = text.rfind(')');
    if (end == std::string::npos)
        return std::nullopt;
    std::istringstream fields(text.substr(end + 1));
    ProcessStat stat;
    if (!(fields >> stat.state >> stat.parent))
        return std::nullopt;
    return stat;
}

/// "socket:[12345]"
std::optional<std::uint64_t> socket_inode(const std::string& link) {
    constexpr std::string_view kStart = "socket:[";
    if (!link.starts_with(kStart) || !link.ends_with(']'))
        return std::nullopt;
    const auto number = base::parse_decimal(
        std::string_view(link).substr(kStart.size(), link.size() - kStart.size() - 1));
    return number ? std::optional(*number) : std::nullopt;
}

bool is_unit(const std::string& name) {
    return name.ends_with(".service") || name.ends_with(".scope");
}

/// The innermost unit of the process: "0::/system.slice/libvirtd.service" on cgroup v2; on v1
/// systemd's hierarchy is "1:name=systemd:/...". Session scopes are omitted: they name only a
/// login.
std::string unit_of(const Root& root, pid_t pid) {
    std::istringstream lines(base::read_file(process_dir(root, pid) + "/cgroup").value_or(""));
    std::string line;
    while (std::getline(lines, line)) {
        const bool systemd =
            line.starts_with("0::/") || line.find(":name=systemd:") != std::string::npos;
        if (!systemd)
            continue;
        std::istringstream parts(line.substr(line.find('/')));
        std::string part;
        std::string unit;
        while (std::getline(parts, part, '/')) {
            if (is_unit(part))
                unit = part;
        }
        if (!unit.empty() && !unit.starts_with("session-"))
            return unit;
    }
    return {};
}

}  // namespace

std::vector<pid_t> list_processes(const Root& root) {
    std::vector<pid_t> pids;
    for (const auto& name : base::list_directory(root.path("/proc"))) {
        if (const auto number = base::parse_decimal(name))
            pids.push_back(static_cast<pid_t>(*number));
    }
    std::sort(pids.begin(), pids.end());
    return pids;
}

std::vector<pid_t> list_programs(const Root& root) {
    std::vector<pid_t> pids = list_processes(root);
    if (root.is_live())
        std::erase_if(pids, [&](pid_t pid) {
            char link = 0;
            return ::readlink((process_dir(root, pid) + "/exe").c_str(), &link, 1) < 0 &&
                   (errno == ENOENT || errno == ESRCH);
        });
    return pids;
}

std::string process_dir(const Root& root, pid_t pid) {
    return root.path("/proc/" + std::to_string(pid));
}

std::string process_label(const Root& root, const std::string& pid) {
    return fmt::format("{} (pid {})", process_name(root, pid), pid);
}

std::string process_text(const Root& root, pid_t pid) {
    const std::string unit = unit_of(root, pid);
    const std::string label = process_label(root, std::to_string(pid));
    return unit.empty() ? label
                        : fmt::format("{}, unit {})", label.substr(0, label.size() - 1), unit);
}

std::set<std::uint64_t> sockets_of(const Root& root, pid_t pid) {
    std::set<std::uint64_t> sockets;
    const std::string dir = process_dir(root, pid) + "/fd";
    for (const auto& fd : base::list_directory(dir)) {
        const auto link = base::read_link(fmt::format("{}/{}", dir, fd));
        if (const auto inode = socket_inode(link.value_or("")))
            sockets.insert(*inode);
    }
    return sockets;
}

std::map<std::uint64_t, std::string> socket_owners(const Root& root,
                                                   const std::set<std::uint64_t>& sockets) {
    std::map<std::uint64_t, std::string> owners;
    for (const pid_t pid : sockets.empty() ? std::vector<pid_t>() : list_processes(root)) {
        for (const auto socket : sockets_of(root, pid)) {
            if (sockets.contains(socket))
                owners.emplace(socket, process_text(root, pid));
        }
    }
    return owners;
}

bool has_not_ended(const Root& root, pid_t pid) {
    const auto stat = read_stat(root, pid);
    return stat && stat->state != "Z" && stat->state != "X";
}

std::optional<pid_t> parent_of(const Root& root, pid_t pid) {
    const auto stat = read_stat(root, pid);
    return stat ? std::optional(stat->parent) : std::nullopt;
}

}  // namespace sysfs
