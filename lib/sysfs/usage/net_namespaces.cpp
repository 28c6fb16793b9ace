// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An interface in a container's network namespace is not visible in our sysfs, so its device looks
// idle. setns() changes one thread: all namespaces are visited by a thread of its own that ends
// afterwards, so that no return can fail. Each is open only while it is visited: a host may have
// more of them than a process may have descriptors.
#include "sysfs/usage/net_namespaces.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "base/path.hpp"
#include "base/unique_fd.hpp"
#include "sysfs/net/netlink.hpp"
#include "sysfs/usage/process.hpp"

namespace sysfs {
namespace {

using IsRelevant = std::function<bool(const std::map<int, Link>&)>;

bool has_lower_elsewhere(const std::map<int, Link>& links) {
    for (const auto& [index, link] : links) {
        if (link.is_made_on_other_namespace())
            return true;
    }
    return false;
}

/// Runs in a thread that may leave its namespace.
class NamespaceVisitor {
  public:
    NamespaceVisitor(const IsRelevant& is_relevant, OtherNetNamespaces& result)
        : is_relevant_(is_relevant),
          result_(result),
          ours_(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) {
        struct stat status {};
        if (ours_.valid() && ::fstat(ours_.get(), &status) == 0)
            seen_.insert(status.st_ino);
    }

    void visit_mounted(const std::string& path, const std::string& where) {
        const base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        struct statfs status {};
        // `ip netns` leaves an empty file where another mount namespace has the namespace.
        if (file.valid() && ::fstatfs(file.get(), &status) == 0 && status.f_type == NSFS_MAGIC)
            visit(file, where);
        else if (!file.valid() && errno != ENOENT)
            lose(where, errno);
    }

    void visit_process(const RunningProgram& program) {
        const Root live;
        const std::string path = program.dir + "/ns/net";
        struct stat status {};
        // The number is in the link's target, but a stat() needs no parsing and opens nothing.
        if (::stat(path.c_str(), &status) != 0) {
            // A process that has ended has no namespace; for one that is gone the errno is EACCES.
            if (errno != ENOENT && errno != ESRCH && has_not_ended(program))
                lose(process_label(live, std::to_string(program.pid)), EACCES);
            return;
        }
        if (seen_.contains(status.st_ino))
            return;
        const base::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (file.valid())
            visit(file, process_label(live, std::to_string(program.pid)));
        else if (has_not_ended(program))
            lose(process_label(live, std::to_string(program.pid)), errno);
    }

  private:
    void lose(const std::string& where, int errnum) {
        const auto error = base::fail_errno(errnum, "enter", "the network namespace of " + where);
        result_.unknown.push_back(error.value().text());
    }

    void visit(const base::UniqueFd& file, const std::string& where) {
        struct stat status {};
        if (::fstat(file.get(), &status) != 0 || !seen_.insert(status.st_ino).second)
            return;
        if (::setns(file.get(), CLONE_NEWNET) != 0) {
            lose(where, errno);
            return;
        }
        auto links = read_netlink_links();
        if (!links) {
            result_.unknown.push_back(
                fmt::format("the network namespace of {}: {}", where, links.error().text()));
            return;
        }
        const bool is_foreign = has_lower_elsewhere(*links);
        if (!is_foreign && !is_relevant_(*links))
            return;
        OtherNetNamespace net{.where = where, .tables = {}, .our_id = {}};
        net.tables.links = *std::move(links);
        if (is_foreign)
            net.our_id = our_id();
        read_netlink_uses(net.tables);
        result_.found.push_back(std::move(net));
    }

    /// rtnl_net_getid(): the id of the namespace behind a descriptor.
    std::optional<std::int32_t> our_id() {
        auto netlink = Netlink::connect(NETLINK_ROUTE);
        return netlink ? netlink->namespace_id(ours_.get()) : std::nullopt;
    }

    const IsRelevant& is_relevant_;
    OtherNetNamespaces& result_;
    base::UniqueFd ours_;
    std::set<ino_t> seen_;
};

/// The process of "/proc/712/fd/9"; for a mount its place.
std::string holder_text(const std::string& path) {
    constexpr std::string_view kStart = "/proc/";
    const auto end = path.find("/fd/");
    return path.starts_with(kStart) && end != std::string::npos
               ? process_label(Root(), path.substr(kStart.size(), end - kStart.size()))
               : path;
}

void visit_all(std::span<const RunningProgram> programs, const std::vector<std::string>& mounted,
               NamespaceVisitor& visitor) {
    // Namespaces without a process are kept by a mount, where `ip netns add` makes it or elsewhere.
    for (const auto& name : base::list_directory("/run/netns"))
        visitor.visit_mounted("/run/netns/" + name, name);
    for (const RunningProgram& program : programs)
        visitor.visit_process(program);
    for (const auto& path : mounted)
        visitor.visit_mounted(path, holder_text(path));
}

}  // namespace

OtherNetNamespaces read_other_net_namespaces(std::span<const RunningProgram> programs,
                                             const std::vector<std::string>& mounted,
                                             const IsRelevant& is_relevant) {
    OtherNetNamespaces result;
    NamespaceVisitor visitor(is_relevant, result);
    std::thread([&] { visit_all(programs, mounted, visitor); }).join();
    return result;
}

}  // namespace sysfs
