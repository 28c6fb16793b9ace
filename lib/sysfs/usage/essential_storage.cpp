// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From paths to disks. Each path that the system needs lies on the mount with the longest matching
// mount point, in the mount namespace of process 1 or in ours. What a mount stands on is followed
// downwards until nothing new is found: the layers of an overlay, the file of a loop device (as of
// a live system), the slaves of dm and md, the other disks of a btrfs, a journal on another disk.
// Upwards nothing need be followed: a DeviceSubtree has all that stands on its device.
#include "sysfs/usage/essential_storage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "base/dir.hpp"
#include "base/path.hpp"
#include "sysfs/usage/block_stack.hpp"
#include "sysfs/usage/mount_line.hpp"

namespace sysfs {
namespace {

/// From hier(7) and the Boot Loader Specification, and where some distributions keep /usr. A path
/// that is no mount point lies on the mount above it.
constexpr std::array kEssentialPaths = {
    "/",     "/usr",      "/usr/bin",     "/usr/sbin",  "/usr/lib",       "/bin",
    "/sbin", "/lib",      "/lib/modules", "/etc",       "/var/lib/bindd", "/run/bindd",
    "/boot", "/boot/efi", "/boot/EFI",    "/boot/grub", "/boot/firmware", "/efi",
    "/esp",  "/sysroot",  "/nix/store",   "/gnu/store"};

/// One mount, with what is still needed when its line has passed by.
struct MountOfSystem {
    NodeNumber number;
    std::string target;
    std::string type;
    std::string source;
    std::string options;  ///< of the superblock, still escaped
};

/// Is `path` the mount point or below it?
bool is_at_or_below(const std::string& path, const std::string& target) {
    return target == "/" || path == target ||
           (path.starts_with(target) && path[target.size()] == '/');
}

/// The mounts with the longest matching mount point; several may lie on each other.
struct MountsOfPath {
    std::size_t length = 0;
    std::vector<MountOfSystem> mounts;

    void offer(const MountOfSystem& mount) {
        if (mount.target.size() > length)
            mounts.clear();
        if (mount.target.size() >= length)
            mounts.push_back(mount);
        length = std::max(length, mount.target.size());
    }
};

class EssentialStorageReader {
  public:
    explicit EssentialStorageReader(const Root& root) : root_(root) {}

    EssentialStorage read(std::span<const Swap> swaps) {
        std::set<std::string> paths;
        for (const char* path : kEssentialPaths)
            paths.insert({path, resolve_first(path)});
        for (const Swap& swap : swaps) {
            if (swap.kind == Swap::SwapKind::kFile)
                paths.insert(swap.path);
            else
                add_block(find_block(root_, swap.path));
        }
        new_paths_.merge(paths);
        while (!new_paths_.empty())
            find_mounts();
        return std::move(found_);
    }

  private:
    /// "/data/var/lib/bindd" where /var is a link to /data/var. Links further down may be on a file
    /// system whose server does not answer.
    std::string resolve_first(const std::string& path) const {
        const std::size_t end = std::min(path.find('/', 1), path.size());
        const auto target = base::read_link(root_.path(path.substr(0, end)));
        if (!target || end <= 1)
            return path;
        return (std::filesystem::path("/") / *target).lexically_normal().string() +
               path.substr(end);
    }

    void find_mounts() {
        const std::set<std::string> paths = std::exchange(new_paths_, {});
        known_paths_.insert(paths.begin(), paths.end());
        const auto ours = base::read_link(root_.path("/proc/self/ns/mnt"));
        find_mounts(root_.path("/proc/self/mountinfo"), paths);
        if (!ours || ours != base::read_link(root_.path("/proc/1/ns/mnt")))
            find_mounts(root_.path("/proc/1/mountinfo"), paths);
    }

    void find_mounts(const std::string& mountinfo, const std::set<std::string>& paths) {
        std::map<std::string, MountsOfPath> found;
        // What cannot be read is unknown to read_mounts() as well, which refuses then.
        (void)for_each_line(mountinfo, [&](std::string_view text) {
            const auto line = parse_mount_line(text);
            if (!line)
                return;
            const MountOfSystem mount{.number = line->number,
                                      .target = unescape_field(line->target),
                                      .type = std::string(line->type),
                                      .source = unescape_field(line->source),
                                      .options = std::string(line->options)};
            for (const std::string& path : paths) {
                if (is_at_or_below(path, mount.target))
                    found[path].offer(mount);
            }
        });
        for (const auto& [path, of_path] : found) {
            for (const MountOfSystem& mount : of_path.mounts)
                add_mount(mount, path);
        }
    }

    void add_path(const std::string& path) {
        if (!known_paths_.contains(path))
            new_paths_.insert(path);
    }

    void add_mount(const MountOfSystem& mount, const std::string& path) {
        // A layer inside the overlay itself is a path of another mount namespace. (One at its mount
        // point is what lies below, as of systemd-sysext.)
        if (layers_.contains(path) && mount.type == "overlay" && mount.target != path)
            found_.has_hidden_layer = true;
        if (!found_.numbers.insert(mount.number).second)
            return;
        if (mount.type == "zfs")
            found_.zfs_pools.insert(mount.source.substr(0, mount.source.find('/')));
        if (mount.type == "overlay")
            layers_.merge(overlay_layers(mount.options));
        for (const std::string& layer : layers_)
            add_path(layer);
        std::vector<std::string> blocks;
        std::string_view sources = mount.source;
        do
            blocks.push_back(find_block(root_, std::string(take_field(sources, ':'))));
        while (!sources.empty());
        if (const std::string block = block_of(mount.number); !block.empty())
            blocks.front() = block;
        for (const char* fs : {"btrfs", "bcachefs", "f2fs"}) {
            if (mount.type == fs)
                add_pool(fs, blocks);
        }
        if (mount.type.starts_with("ext") || mount.type == "ocfs2")
            add_journals(blocks.front());
        for (const char* key : {"logdev", "rtdev", "jdev"})
            blocks.push_back(find_block(root_, option_value(mount.options, key)));
        for (const std::string& block : blocks)
            add_block(block);
    }

    /// All members of the file system that has one of `blocks`. A root that the kernel has mounted
    /// by itself has the source "/dev/root", which names none: it may be any.
    void add_pool(const std::string& fs, const std::vector<std::string>& blocks) {
        const bool may_be_any =
            std::all_of(blocks.begin(), blocks.end(), std::mem_fn(&std::string::empty));
        for (const auto& uuid : base::list_directory(root_.path("/sys/fs/" + fs))) {
            const std::set<std::string> members = pool_members(root_, fs, uuid);
            if (!may_be_any && std::none_of(blocks.begin(), blocks.end(), [&](const auto& block) {
                    return members.contains(block);
                }))
                continue;
            for (const std::string& member : members)
                add_block(member);
        }
    }

    /// jbd2 has a directory for each journal: "sda2-8" for inode 8 of sda2, "sdb1" for one that has
    /// a device of its own (jbd2_journal_init_inode(), jbd2_journal_init_dev()). Which file system
    /// an external one is of is not shown: one without an internal journal may own any of them.
    void add_journals(const std::string& block) {
        const auto journals = base::list_directory(root_.path("/proc/fs/jbd2"));
        const bool internal =
            std::any_of(journals.begin(), journals.end(), [&](const std::string& journal) {
                return journal.starts_with(block + "-") && !is_external_journal(root_, journal);
            });
        for (const std::string& journal : journals) {
            if (!internal && is_external_journal(root_, journal))
                add_block(journal);
        }
    }

    /// The kernel's name of a block device; empty for an anonymous number.
    std::string block_of(NodeNumber number) const {
        const std::string text = fmt::format("{}:{}", number.major, number.minor);
        if (const auto link = base::read_link(root_.path("/sys/dev/block/" + text)))
            return base::base_name(*link);
        const std::string all = root_.path("/sys/class/block/");  // a capture may lack the links
        for (const std::string& each : base::list_directory(root_.is_live() ? "" : all)) {
            const auto block = base::Dir::open(all + each);
            if (block && block->attr("dev") == text)
                return each;
        }
        return {};
    }

    void add_block(const std::string& name) {
        if (name.empty() || !found_.blocks.insert(name).second)
            return;
        // A volume of ZFS does not tell its pool.
        if (name.starts_with("zd"))
            found_.may_be_any_zfs_pool = true;
        const auto block = base::Dir::open(root_.path("/sys/class/block/" + name));
        if (!block)
            return;
        add_carriers(base::read_link(block->path()).value_or(""));
        for (const auto& slave : block->entries("slaves").value_or(std::vector<std::string>{}))
            add_block(slave);
        for (const char* attribute : {"loop/backing_file", "backing_dev"}) {
            const std::string backing = block->attr(attribute).value_or("");
            if (backing.starts_with("/dev/"))
                add_block(find_block(root_, backing));
            else if (backing.starts_with('/'))
                add_path(backing);
        }
    }

    /// A disk of iSCSI is below its session, one of NVMe over fabrics below its controller. A
    /// multipath head is below the subsystem, which has links to its controllers.
    void add_carriers(std::string_view device) {
        while (!device.empty()) {
            const std::string name(take_field(device, '/'));
            found_.carriers.insert(name);
            if (!name.starts_with("nvme-subsys"))
                continue;
            for (const auto& each :
                 base::list_directory(root_.path("/sys/class/nvme-subsystem/" + name)))
                found_.carriers.insert(each);
        }
    }

    const Root& root_;
    std::set<std::string> new_paths_;
    std::set<std::string> known_paths_;
    std::set<std::string> layers_;
    EssentialStorage found_;
};

}  // namespace

const EssentialStorage& LazyEssentialStorage::get() {
    if (!storage_)
        storage_ = EssentialStorageReader(root_).read(swaps_);
    return *storage_;
}

bool is_external_journal(const Root& root, const std::string& block) {
    return base::Dir::open(root.path("/proc/fs/jbd2/" + block)) &&
           base::Dir::open(root.path("/sys/class/block/" + block));
}

}  // namespace sysfs
