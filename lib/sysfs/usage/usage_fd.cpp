// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The processes that have a node of one of the devices open: one walk over /proc/*/fd for all
// devices.
//
// A node is identified by its number, not by its name: containers have nodes of their own. The
// number must be read without waiting for a file system (a dead NFS server would block forever),
// hence statx with AT_STATX_DONT_SYNC. A captured host has only the targets of the links, so names
// are compared there.
//
// A node can be mapped after its descriptor was closed. /proc/*/maps is searched for nodes of
// classes that are commonly mapped.
#include "sysfs/usage/usage_fd.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>

#include "base/file_io.hpp"
#include "sysfs/usage/process.hpp"

namespace sysfs {
namespace {

constexpr std::string_view kMappable[] = {"uio",  "drm",    "accel",    "graphics",
                                          "vfio", "nvidia", "vfio-dev", "infiniband_verbs"};
constexpr std::string_view kVfioDevice = "anon_inode:[vfio-device]";

/// The device of a node.
struct NodeOwner {
    UsageCheck* check;
    const DeviceNode* node;
};

/// All nodes of all checks, by number and by name.
struct NodeIndex {
    std::multimap<NodeNumber, NodeOwner> by_number;
    std::multimap<std::string, NodeOwner> by_name;  ///< "/dev/dri/card0"
    bool mappable = false;
};

bool is_mappable(const DeviceNode& node) {
    for (const auto& subsystem : kMappable) {
        if (node.subsystem == subsystem)
            return true;
    }
    return false;
}

std::string path_of(const DeviceNode& node) {
    return "/dev/" + node.name;
}

NodeIndex index_nodes(std::span<UsageCheck> checks) {
    NodeIndex nodes;
    for (auto& check : checks) {
        for (const auto& [number, node] : check.subtree.nodes) {
            nodes.by_number.emplace(number, NodeOwner{&check, &node});
            nodes.by_name.emplace(path_of(node), NodeOwner{&check, &node});
            nodes.mappable = nodes.mappable || is_mappable(node);
        }
    }
    return nodes;
}

std::optional<NodeNumber> number_at(int directory, const char* name) {
    struct statx status {};
    if (::statx(directory, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &status) != 0)
        return std::nullopt;
    if (!S_ISCHR(status.stx_mode) && !S_ISBLK(status.stx_mode))
        return std::nullopt;
    return NodeNumber{S_ISCHR(status.stx_mode) ? NodeKind::kChar : NodeKind::kBlock,
                      status.stx_rdev_major, status.stx_rdev_minor};
}

/// Checks one process; reports each device and node once.
class ProcessInspector {
  public:
    ProcessInspector(const Root& root, const NodeIndex& nodes, std::span<UsageCheck> checks,
                     pid_t pid)
        : root_(root), nodes_(nodes), checks_(checks), pid_(pid) {}

    void check_descriptors() {
        const std::string path = process_dir(root_, pid_) + "/fd";
        const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
        while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
            std::array<char, 4096> target;
            const ssize_t length =
                ::readlinkat(::dirfd(directory.get()), entry->d_name, target.data(), target.size());
            if (length > 0)
                check_descriptor(::dirfd(directory.get()), entry->d_name,
                                 {target.data(), static_cast<std::size_t>(length)});
        }
    }

    void check_maps() {
        if (!nodes_.mappable)
            return;
        const std::string maps = base::read_file(process_dir(root_, pid_) + "/maps").value_or("");
        for (auto at = maps.find(" /dev/"); at != std::string::npos;
             at = maps.find(" /dev/", at + 1)) {
            const std::string name = maps.substr(at + 1, maps.find('\n', at) - at - 1);
            const auto [first, last] = nodes_.by_name.equal_range(name);
            for (auto each = first; each != last; ++each) {
                if (is_mappable(*each->second.node))
                    report(each->second, "mapped");
            }
        }
    }

  private:
    void check_descriptor(int directory, const char* fd, std::string_view target) {
        if (target == kVfioDevice) {
            check_vfio_device(fd);
            return;
        }
        if (!target.starts_with('/'))
            return;
        if (!root_.is_live()) {
            const auto [first, last] = nodes_.by_name.equal_range(std::string(target));
            for (auto each = first; each != last; ++each)
                report(each->second, "open");
            return;
        }
        const auto number = number_at(directory, fd);
        if (!number)
            return;
        const auto [first, last] = nodes_.by_number.equal_range(*number);
        for (auto each = first; each != last; ++each)
            report(each->second, "open");
    }

    // A device descriptor outlives its node; newer kernels name the device in fdinfo.
    void check_vfio_device(const char* fd) {
        constexpr std::string_view kKey = "vfio-device-syspath:";
        const std::string info =
            base::read_file(process_dir(root_, pid_) + "/fdinfo/" + fd).value_or("");
        const auto key = info.find(kKey);
        if (key == std::string::npos)
            return;
        const auto start = info.find('/', key);
        const std::string syspath = info.substr(start, info.find('\n', start) - start);
        for (auto& check : checks_) {
            if (check.subtree.device.syspath == syspath && reported_.emplace(&check, "").second)
                check.add(UseKind::kVfioOpen, "a process has it open through VFIO",
                          process_text(root_, pid_));
        }
    }

    void report(const NodeOwner& owner, std::string_view how) {
        if (!reported_.emplace(owner.check, owner.node->name).second)
            return;
        const bool vfio = owner.node->subsystem == "vfio" || owner.node->subsystem == "vfio-dev";
        const std::string evidence =
            fmt::format("{} has {} {}", process_text(root_, pid_), path_of(*owner.node), how);
        owner.check->add(
            vfio ? UseKind::kVfioOpen : UseKind::kOpenFd,
            vfio ? "a process has it open through VFIO" : "a process has a node of it open",
            evidence);
    }

    const Root& root_;
    const NodeIndex& nodes_;
    std::span<UsageCheck> checks_;
    pid_t pid_;
    std::set<std::pair<const UsageCheck*, std::string>> reported_;
};

bool has_vfio_device(std::span<const UsageCheck> checks) {
    for (const auto& check : checks) {
        if (check.subtree.device.vfio)
            return true;
    }
    return false;
}

}  // namespace

void find_open_nodes(const Root& root, std::span<UsageCheck> checks) {
    const NodeIndex nodes = index_nodes(checks);
    if (nodes.by_number.empty() && !has_vfio_device(checks))
        return;
    for (const pid_t pid : list_processes(root)) {
        if (root.is_live() && pid == ::getpid())
            continue;
        ProcessInspector inspector(root, nodes, checks, pid);
        inspector.check_descriptors();
        inspector.check_maps();
    }
}

}  // namespace sysfs
