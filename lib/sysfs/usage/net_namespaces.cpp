// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An interface in a container's network namespace is not visible in our sysfs, so its device looks
// idle. setns() changes one thread: each namespace is read by a thread of its own that ends
// afterwards, so that no return can fail.
#include "sysfs/usage/net_namespaces.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/stat.h>

#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "base/path.hpp"
#include "base/unique_fd.hpp"
#include "sysfs/usage/process.hpp"

namespace sysfs {
namespace {

using Inode = std::pair<dev_t, ino_t>;

/// A namespace held open, so that its identity does not change.
struct NetNamespace {
    base::UniqueFd fd;
    std::string where;
};

std::optional<Inode> inode_of(const base::UniqueFd& fd) {
    struct stat status {};
    if (!fd.valid() || ::fstat(fd.get(), &status) != 0)
        return std::nullopt;
    return Inode{status.st_dev, status.st_ino};
}

class NamespaceSet {
  public:
    NamespaceSet() { add("/proc/self/ns/net", {}); }

    /// Adds the namespace at `path` unless it is known; an empty `where` only marks it as known.
    void add(const std::string& path, const std::string& where) {
        base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        const auto inode = inode_of(fd);
        if (inode && seen_.insert(*inode).second && !where.empty())
            found_.push_back({std::move(fd), where});
    }
    std::vector<NetNamespace> found() { return std::move(found_); }

  private:
    std::set<Inode> seen_;
    std::vector<NetNamespace> found_;
};

std::vector<NetNamespace> other_namespaces() {
    NamespaceSet namespaces;
    // Namespaces without a process are kept by a mount, where `ip netns add` makes it.
    for (const auto& name : base::list_directory("/run/netns"))
        namespaces.add("/run/netns/" + name, name);
    const Root live;
    for (const pid_t pid : list_processes(live))
        namespaces.add(process_dir(live, pid) + "/ns/net",
                       process_label(live, std::to_string(pid)));
    return namespaces.found();
}

}  // namespace

std::vector<OtherNetNamespace> read_other_net_namespaces() {
    std::vector<OtherNetNamespace> nets;
    for (const NetNamespace& net_namespace : other_namespaces()) {
        OtherNetNamespace net{.where = net_namespace.where, .tables = {}};
        std::thread([&net, &net_namespace] {
            if (::setns(net_namespace.fd.get(), CLONE_NEWNET) == 0)
                net.tables = read_netlink_tables();
        }).join();
        if (!net.tables.links.empty())
            nets.push_back(std::move(net));
    }
    return nets;
}

}  // namespace sysfs
