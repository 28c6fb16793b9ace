// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An interface that was moved into a container's network namespace is no longer to be seen in
// sysfs, and its device looks idle. Entering a namespace is a matter of one thread: each is visited
// by a thread of its own that ends there, so that no way back can fail.
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

/// A namespace held open, so that it stays the one that was counted.
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

    /// Keeps the namespace at `path` if it is none that was seen before; an empty `where` only
    /// marks it.
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
    // Those without a process are kept alive by a mount, where `ip netns add` puts it.
    for (const auto& name : base::list_directory("/run/netns"))
        namespaces.add("/run/netns/" + name, name);
    const Root live;
    for (const pid_t pid : list_processes(live))
        namespaces.add(process_dir(live, pid) + "/ns/net",
                       fmt::format("{} (pid {})", process_name(live, pid), pid));
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
