// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/mount_table.hpp"

#include <fmt/format.h>
#include <libmount/libmount.h>
#include <sys/sysmacros.h>

#include <cstdio>
#include <memory>
#include <set>
#include <string_view>
#include <tuple>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "base/try.hpp"
#include "sysfs/usage/process.hpp"

namespace sysfs {
namespace {

struct MountUnref {
    void operator()(libmnt_table* table) const { mnt_unref_table(table); }
    void operator()(libmnt_iter* iterator) const { mnt_free_iter(iterator); }
};
using MountTable = std::unique_ptr<libmnt_table, MountUnref>;
using MountIterator = std::unique_ptr<libmnt_iter, MountUnref>;

std::string text_of(const char* text) {
    return text == nullptr ? std::string() : std::string(text);
}

template <typename Visit>
void for_each(const MountTable& table, Visit visit) {
    const MountIterator iterator(mnt_new_iter(MNT_ITER_FORWARD));
    libmnt_fs* fs = nullptr;
    while (iterator && mnt_table_next_fs(table.get(), iterator.get(), &fs) == 0)
        visit(fs);
}

// The text is read before it is parsed, so that a table that changes meanwhile is not read in part.
MountTable parse_mountinfo(std::string& text) {
    MountTable table(mnt_new_table());
    const std::unique_ptr<FILE, int (*)(FILE*)> stream(::fmemopen(text.data(), text.size(), "r"),
                                                       ::fclose);
    if (!table || !stream || mnt_table_parse_stream(table.get(), stream.get(), "mountinfo") != 0)
        return nullptr;
    return table;
}

/// Collects the mounts of all mount namespaces.
class MountCollector {
  public:
    explicit MountCollector(const Root& root) : root_(root) {}

    /// `pid` is a name in /proc; `where` names the namespace.
    void add(const std::string& pid, const std::string& where) {
        const std::string dir = root_.path("/proc/" + pid);
        const auto mount_namespace = base::read_link(dir + "/ns/mnt");
        if (mount_namespace && !seen_.insert(*mount_namespace).second)
            return;
        auto text = base::read_file(dir + "/mountinfo");
        // A captured host may lack the ns links: equal tables count as one namespace.
        if (!text || text->empty() || (!mount_namespace && !seen_.insert(*text).second))
            return;
        const MountTable table = parse_mountinfo(*text);
        if (table)
            for_each(table, [&](libmnt_fs* fs) { add_mount(fs, where); });
    }

    std::vector<Mount> mounts() { return std::move(mounts_); }

  private:
    void add_mount(libmnt_fs* fs, const std::string& where) {
        const dev_t number = mnt_fs_get_devno(fs);
        Mount mount{.number = {NodeKind::kBlock, ::major(number), ::minor(number)},
                    .source = text_of(mnt_fs_get_source(fs)),
                    .target = text_of(mnt_fs_get_target(fs)),
                    .type = text_of(mnt_fs_get_fstype(fs)),
                    .where = where};
        if (places_.emplace(mount.number, mount.target).second)
            mounts_.push_back(std::move(mount));
    }

    const Root& root_;
    std::set<std::string> seen_;
    std::set<std::tuple<NodeNumber, std::string>> places_;
    std::vector<Mount> mounts_;
};

}  // namespace

base::Result<std::vector<Mount>> read_mounts(const Root& root) {
    MountCollector collector(root);
    collector.add(root.is_live() ? "self" : "1", "");
    for (const pid_t pid : list_processes(root)) {
        collector.add(std::to_string(pid), fmt::format("the mount namespace of {} (pid {})",
                                                       process_name(root, pid), pid));
    }
    return collector.mounts();
}

base::Result<std::vector<Swap>> read_swaps(const Root& root) {
    std::vector<Swap> swaps;
    const MountTable table(mnt_new_table());
    if (!table || mnt_table_parse_swaps(table.get(), root.path("/proc/swaps").c_str()) != 0)
        return swaps;
    for_each(table, [&swaps](libmnt_fs* fs) {
        const bool file = text_of(mnt_fs_get_swaptype(fs)) == "file";
        swaps.push_back({.path = text_of(mnt_fs_get_source(fs)),
                         .kind = file ? Swap::SwapKind::kFile : Swap::SwapKind::kDevice});
    });
    return swaps;
}

}  // namespace sysfs
