// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The processes that have one of the devices open or mapped: one walk over /proc/*/fd and
// /proc/*/maps for all devices.
//
// A node is identified by its number, not by its name: containers have nodes of their own. The
// number must be read without waiting for a file system (a dead NFS server would block forever),
// hence statx with AT_STATX_DONT_SYNC. A captured host has only the targets of the links, so names
// are compared there.
//
// A mapping holds a device as an open descriptor does, and outlives it. A device without a driver
// can be mapped too: through its files in sysfs and /proc/bus/pci, and through /dev/mem.
#include "sysfs/usage/usage_fd.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/file_io.hpp"
#include "base/version_sort.hpp"
#include "sysfs/usage/mount_line.hpp"
#include "sysfs/usage/node_index.hpp"
#include "sysfs/usage/process.hpp"
#include "sysfs/usage/usage_vfio.hpp"

namespace sysfs {
namespace {

constexpr std::string_view kVfioDevice = "anon_inode:[vfio-device]";
constexpr std::string_view kIoUring = "anon_inode:[io_uring]";
constexpr std::string_view kVfioNodes = "/dev/vfio/";
constexpr std::string_view kVfioContainer = "/dev/vfio/vfio";

/// What was found in /proc that is no use of one device yet.
struct ProcessFindings {
    std::vector<AnonymousVfioUser> anonymous;
    std::set<const UsageCheck*> open_peers;  ///< another device of the group is open
    std::string unreadable;                  ///< the first process that could not be read, and why
    std::size_t unreadable_count = 0;
    std::map<std::string, std::string> net_namespaces;  ///< a descriptor of each "net:[4026532000]"
    std::string ring;  ///< the first io_uring whose files are not known
};

struct OpenFile {
    std::optional<NodeNumber> number;
    std::uint64_t inode = 0;
};

OpenFile read_open_file(int directory, const char* name) {
    OpenFile file;
    struct statx status {};
    if (::statx(directory, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_INO,
                &status) != 0)
        return file;
    file.inode = status.stx_ino;
    if (S_ISCHR(status.stx_mode) || S_ISBLK(status.stx_mode))
        file.number = NodeNumber{S_ISCHR(status.stx_mode) ? NodeKind::kChar : NodeKind::kBlock,
                                 status.stx_rdev_major, status.stx_rdev_minor};
    return file;
}

/// 6.15: "io_uring/fdinfo: grab ctx->uring_lock around io_uring_show_fdinfo()".
bool lists_whole_rings(const Root& root) {
    const auto release = base::read_file(root.path("/proc/sys/kernel/osrelease"));
    return release && base::version_compare(*release, "6.15") >= 0;
}

/// Checks one process; reports each device and node once.
class ProcessInspector {
  public:
    ProcessInspector(const Root& root, const NodeIndex& nodes, std::span<UsageCheck> checks,
                     const RunningProgram& program, ProcessFindings& findings)
        : root_(root),
          nodes_(nodes),
          checks_(checks),
          pid_(program.pid),
          dir_(program.dir),
          findings_(findings) {}

    void inspect() {
        check_descriptors();
        const auto mapped =
            read_mappings(dir_, [this](const FileMapping& each) { check_mapping(each); });
        if (!mapped)
            note_unreadable(mapped.error().errnum);
        if (!anonymous_.empty())
            findings_.anonymous.push_back(
                {fmt::format("{} has a VFIO device {}", process_text(root_, pid_), anonymous_),
                 has_vfio_node_});
    }

  private:
    void check_descriptors() {
        const std::string path = dir_ + "/fd";
        const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
        if (!directory)
            return note_unreadable(errno);
        while (const dirent* entry = ::readdir(directory.get())) {
            if (entry->d_name[0] == '.')
                continue;
            std::array<char, 4096> target;
            const ssize_t length =
                ::readlinkat(::dirfd(directory.get()), entry->d_name, target.data(), target.size());
            if (length < 0)
                note_unreadable(errno);
            else
                check_descriptor(
                    ::dirfd(directory.get()), entry->d_name,
                    without_deleted({target.data(), static_cast<std::size_t>(length)}));
        }
    }

    void check_descriptor(int directory, const char* fd, std::string_view target) {
        if (target == kVfioDevice)
            return check_vfio_device(fd);
        if (target == kIoUring)
            return check_ring(fd);
        if (target.starts_with("net:["))
            findings_.net_namespaces.emplace(target, fmt::format("{}/fd/{}", dir_, fd));
        if (!target.starts_with('/'))
            return;
        has_vfio_node_ =
            has_vfio_node_ || (target.starts_with(kVfioNodes) && target != kVfioContainer);
        const OpenFile file = root_.is_live() ? read_open_file(directory, fd) : OpenFile{};
        if (file.number)
            report(nodes_.find(*file.number), "open");
        else if (!root_.is_live())
            report(nodes_.find_node(target), "open");
        report(nodes_.find_file(target, file.inode), "open");
    }

    // A file that is registered with a ring needs no descriptor. fdinfo lists them after
    // "UserFiles: 2", as "    0: /dev/nvme0n1" (io_uring_show_fdinfo()). Before Linux 6.13 by the
    // last component alone, an empty place as "<none>"; since then an empty place has no line. A
    // ring that is locked at the moment has the number and no line until Linux 6.15, which then
    // leaves all of it out: there the number without a line means that every place is empty.
    void check_ring(const char* fd) {
        constexpr int kTries = 3;
        has_ring_ = true;
        bool is_known = false;
        for (int tries = 0; !is_known && tries < kTries; ++tries)
            is_known = check_ring_files(fd);
        if (!is_known && findings_.ring.empty())
            findings_.ring = fmt::format("{} has an io_uring whose files are not listed",
                                         process_text(root_, pid_));
    }

    // Is it known what is registered?
    bool check_ring_files(const char* fd) {
        constexpr std::string_view kCount = "UserFiles:";
        bool is_known = false;
        bool is_file = false;
        (void)for_each_line(dir_ + "/fdinfo/" + fd, [&](std::string_view line) {
            if (line.starts_with(kCount)) {
                is_file = true;
                is_known = line.find_first_of("123456789") == std::string_view::npos ||
                           lists_whole_rings(root_);
            } else if (is_file && line.starts_with(' ')) {
                is_known = true;
                const auto colon = std::min(line.find(": "), line.size() - 2);
                check_registered(line.substr(colon + 2));
            } else {
                is_file = false;
            }
        });
        return is_known;
    }

    void check_registered(std::string_view file) {
        for (const auto& owner :
             file.starts_with('/') ? nodes_.find_node(file) : nodes_.find_named(file))
            report({owner}, "registered with an io_uring");
    }

    // A device descriptor outlives its node; newer kernels name the device in fdinfo.
    void check_vfio_device(const char* fd) {
        constexpr std::string_view kKey = "vfio-device-syspath:";
        const std::string info = base::read_file(dir_ + "/fdinfo/" + fd).value_or("");
        const auto key = info.find(kKey);
        if (key == std::string::npos) {
            anonymous_ = "open";
            return;
        }
        has_vfio_node_ = true;
        const auto start = info.find('/', key);
        const std::string syspath = info.substr(start, info.find('\n', start) - start);
        for (auto& check : checks_) {
            if (check.subtree.device.syspath == syspath && reported_.emplace(&check, "").second)
                check.add(UseKind::kVfioOpen, "a process has it open through VFIO",
                          process_text(root_, pid_));
        }
    }

    void check_mapping(const FileMapping& mapping) {
        if (mapping.path == kIoUring && !has_ring_) {
            // It works by its registered index, without a descriptor (IORING_REGISTER_RING_FDS).
            if (findings_.ring.empty())
                findings_.ring = fmt::format("{} has an io_uring without a descriptor",
                                             process_text(root_, pid_));
        } else if (mapping.path == kVfioDevice) {
            if (anonymous_.empty())
                anonymous_ = "mapped";
        } else if (mapping.path == "/dev/mem") {
            report(nodes_.find_memory(mapping.offset, mapping.size), "mapped");
        } else if (mapping.path.starts_with("/dev/")) {
            report(find_mapped_node(mapping), "mapped");
        } else {
            report(nodes_.find_file(mapping.path, mapping.inode), "mapped");
        }
    }

    // The links of map_files lead to the node itself, whatever a container calls it.
    NodeIndex::Owners find_mapped_node(const FileMapping& mapping) {
        if (mapping.path.starts_with("/dev/zero") || mapping.path.starts_with("/dev/shm/"))
            return {};
        const std::string link = fmt::format("{}/map_files/{}", dir_, mapping.range);
        const OpenFile file = root_.is_live() ? read_open_file(AT_FDCWD, link.c_str()) : OpenFile{};
        return file.number ? nodes_.find(*file.number) : nodes_.find_node(mapping.path);
    }

    // A process that ends while it is read has nothing open any more. To be denied is expected of
    // users other than root, who cannot change a driver either.
    void note_unreadable(int errnum) {
        const bool denied = errnum == EACCES || errnum == EPERM;
        if (errnum == ENOENT || errnum == ESRCH ||
            (denied && root_.is_live() && ::geteuid() != 0) || std::exchange(unreadable_, true))
            return;
        if (findings_.unreadable_count++ == 0)
            findings_.unreadable =
                fmt::format("{}: {}", process_text(root_, pid_), std::strerror(errnum));
    }

    void report(const NodeIndex::Owners& owners, std::string_view how) {
        for (const NodeOwner& owner : owners) {
            if (owner.role == NodeOwner::NodeRole::kPeer)
                findings_.open_peers.insert(owner.check);
            else if (reported_.emplace(owner.check, owner.name).second)
                report(owner, how);
        }
    }

    void report(const NodeOwner& owner, std::string_view how) {
        const bool vfio = owner.role == NodeOwner::NodeRole::kVfio;
        const char* text = vfio ? "a process has it open through VFIO"
                           : owner.role == NodeOwner::NodeRole::kFile
                               ? "a process uses it without a driver"
                               : "a process has a node of it open";
        owner.check->add(vfio ? UseKind::kVfioOpen : UseKind::kOpenFd, text,
                         fmt::format("{} has {} {}", process_text(root_, pid_), owner.name, how));
    }

    const Root& root_;
    const NodeIndex& nodes_;
    std::span<UsageCheck> checks_;
    pid_t pid_;
    const std::string& dir_;
    ProcessFindings& findings_;
    std::set<std::pair<const UsageCheck*, std::string>> reported_;
    std::string anonymous_;  ///< how it has a VFIO device that is not known
    bool has_vfio_node_ = false;
    bool has_ring_ = false;
    bool unreadable_ = false;
};

void report_unreadable(const ProcessFindings& findings, std::span<UsageCheck> checks) {
    for (auto& check : checks) {
        if (!findings.ring.empty())
            check.add(UseKind::kUnknown, "what some processes have open could not be read",
                      findings.ring);
    }
    if (findings.unreadable_count == 0)
        return;
    const std::size_t others = findings.unreadable_count - 1;
    for (auto& check : checks)
        check.add(UseKind::kUnknown, "what some processes have open could not be read",
                  findings.unreadable + (others == 0 ? "" : fmt::format(", and {} more", others)));
}

}  // namespace

std::vector<std::string> find_open_nodes(const Root& root, const Inventory& inventory,
                                         std::span<const RunningProgram> programs,
                                         std::span<UsageCheck> checks) {
    const NodeIndex nodes(root, inventory, checks);
    ProcessFindings findings;
    for (const RunningProgram& program : programs) {
        if (!root.is_live() || program.pid != ::getpid())
            ProcessInspector(root, nodes, checks, program, findings).inspect();
    }
    report_unreadable(findings, checks);
    for (auto& check : checks) {
        if (!findings.open_peers.contains(&check))
            find_anonymous_vfio_use(root, findings.anonymous, check);
    }
    std::vector<std::string> namespaces;
    for (auto& [name, path] : findings.net_namespaces)
        namespaces.push_back(std::move(path));
    return namespaces;
}

}  // namespace sysfs
