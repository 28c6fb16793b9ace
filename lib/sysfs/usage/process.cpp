// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/process.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/usage/mount_line.hpp"

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

/// Of "/proc/712" or "/proc/712/task/713".
std::optional<ProcessStat> read_stat(const std::string& dir) {
    // "712 (a name (with) anything) S 1 ...": the name ends at the last parenthesis.
    const std::string text = base::read_file(dir + "/stat").value_or("");
    const auto end = text.rfind(')');
    if (end == std::string::npos)
        return std::nullopt;
    std::istringstream fields(text.substr(end + 1));
    ProcessStat stat;
    if (!(fields >> stat.state >> stat.parent))
        return std::nullopt;
    return stat;
}

bool has_ended(const ProcessStat& stat) {
    return stat.state == "Z" || stat.state == "X";
}

/// A thread of the kernel has none, and a process whose main thread has ended.
bool has_executable(const std::string& dir) {
    char link = 0;
    return ::readlink((dir + "/exe").c_str(), &link, 1) >= 0 || (errno != ENOENT && errno != ESRCH);
}

/// Each thread is a link of the directory (proc_task_getattr()). A look at that costs less than to
/// list the threads or to read a state.
bool has_more_threads(const std::string& dir) {
    constexpr nlink_t kLinksOfOne = 3;
    struct stat status {};
    return ::stat((dir + "/task").c_str(), &status) == 0 && status.st_nlink > kLinksOfOne;
}

/// For a process whose main thread has ended a thread that has not; its own directory for others.
std::string find_living_dir(const Root& root, const std::string& dir) {
    if (const auto stat = read_stat(dir); !stat || !has_ended(*stat))
        return dir;
    for (const auto& thread : base::list_directory(dir + "/task")) {
        const std::string living = fmt::format("{}/task/{}", dir, thread);
        if (const auto stat = read_stat(living); stat && !has_ended(*stat))
            return root.is_live() ? "/proc/" + thread : living;
    }
    return dir;
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

std::set<std::uint64_t> sockets_in(const std::string& process) {
    std::set<std::uint64_t> sockets;
    const std::string dir = process + "/fd";
    for (const auto& fd : base::list_directory(dir)) {
        const auto link = base::read_link(fmt::format("{}/{}", dir, fd));
        if (const auto inode = socket_inode(link.value_or("")))
            sockets.insert(*inode);
    }
    return sockets;
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

/// Takes the next field off `rest`.
std::string_view next_field(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const std::string_view field = rest.substr(0, rest.find(' '));
    rest.remove_prefix(field.size());
    return field;
}

std::optional<std::uint64_t> number(std::string_view text, int base) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

/// "7ffff7fb6000-7ffff7fb7000 rw-s fea00000 00:20 13600      /sys/devices/.../resource0"
/// (show_map_vma()). Anonymous memory has no path; "[heap]" and the like are no files.
std::optional<FileMapping> parse_mapping(std::string_view line) {
    constexpr std::string_view kDeleted = " (deleted)";
    FileMapping mapping;
    mapping.range = next_field(line);
    next_field(line);  // permissions
    const auto offset = number(next_field(line), 16);
    next_field(line);  // the file system's number: sysfs has one for each network namespace
    const auto inode = number(next_field(line), 10);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const auto dash = mapping.range.find('-');
    if (line.empty() || line.front() == '[' || dash == std::string_view::npos || !offset || !inode)
        return std::nullopt;
    const auto start = number(mapping.range.substr(0, dash), 16);
    const auto end = number(mapping.range.substr(dash + 1), 16);
    if (!start || !end || *end < *start)
        return std::nullopt;
    mapping.size = *end - *start;
    mapping.offset = *offset;
    mapping.inode = *inode;
    mapping.path = line.ends_with(kDeleted) ? line.substr(0, line.size() - kDeleted.size()) : line;
    return mapping;
}

}  // namespace

std::string process_dir(const Root& root, pid_t pid) {
    return root.path("/proc/" + std::to_string(pid));
}

std::string living_dir(const Root& root, pid_t pid) {
    const std::string dir = process_dir(root, pid);
    return root.is_live() && has_executable(dir) ? dir : find_living_dir(root, dir);
}

std::vector<RunningProgram> list_programs(const Root& root) {
    std::vector<RunningProgram> programs;
    for (const auto& name : base::list_directory(root.path("/proc"))) {
        const auto number = base::parse_decimal(name);
        if (!number)
            continue;
        RunningProgram program{static_cast<pid_t>(*number), root.path("/proc/" + name)};
        if (!root.is_live()) {
            program.dir = find_living_dir(root, program.dir);
        } else if (!has_executable(program.dir)) {
            if (!has_more_threads(program.dir))
                continue;
            const std::string living = find_living_dir(root, program.dir);
            if (living == program.dir)
                continue;
            program.dir = living;
        }
        programs.push_back(std::move(program));
    }
    std::sort(programs.begin(), programs.end(),
              [](const RunningProgram& a, const RunningProgram& b) { return a.pid < b.pid; });
    return programs;
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
    return sockets_in(living_dir(root, pid));
}

std::map<std::uint64_t, std::string> socket_owners(const Root& root,
                                                   std::span<const RunningProgram> programs,
                                                   const std::set<std::uint64_t>& sockets) {
    std::map<std::uint64_t, std::string> owners;
    for (auto program = programs.begin();
         program != programs.end() && owners.size() < sockets.size(); ++program) {
        for (const auto socket : sockets_in(program->dir)) {
            if (sockets.contains(socket))
                owners.emplace(socket, process_text(root, program->pid));
        }
    }
    return owners;
}

bool has_not_ended(const RunningProgram& program) {
    const auto stat = read_stat(program.dir);
    return stat && !has_ended(*stat);
}

std::optional<pid_t> parent_of(const Root& root, pid_t pid) {
    const auto stat = read_stat(process_dir(root, pid));
    return stat ? std::optional(stat->parent) : std::nullopt;
}

base::Result<void> read_mappings(const std::string& dir,
                                 const std::function<void(const FileMapping&)>& visit) {
    return for_each_line(dir + "/maps", [&visit](std::string_view line) {
        if (const auto mapping = parse_mapping(line))
            visit(*mapping);
    });
}

}  // namespace sysfs
