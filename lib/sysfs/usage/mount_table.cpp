// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A host may have thousands of mount namespaces, and one of them 100,000 mounts. Each table is read
// as a stream, and what is kept for a file system is bounded. Since Linux 5.8 a reader keeps its
// place in the list while mounts come and go (m_start()), so that no mount that stays is skipped.
#include "sysfs/usage/mount_table.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/usage/process.hpp"

namespace sysfs {
namespace {

/// Do its files lie on block devices? Those of a pool have an anonymous device number.
bool is_on_disks(const MountLine& line) {
    return line.number.major != 0 || line.type == "btrfs" || line.type == "bcachefs";
}

/// Our own namespace first, short mount points first.
bool is_shown_before(const Mount& a, const Mount& b) {
    return std::pair(!a.where.empty(), a.target.size()) <
           std::pair(!b.where.empty(), b.target.size());
}

/// Collects the mounts of all mount namespaces.
class MountCollector {
  public:
    MountCollector(const Root& root, const std::set<std::string>& files) : root_(root) {
        for (std::string path : files) {
            while (path.size() > 1 && path.front() == '/') {
                path = base::directory_name(path);
                ancestors_.insert(path);
            }
        }
    }

    /// `pid` is a name in /proc, `dir` where it is read; the namespace of the first is our own.
    void add(const std::string& pid, const std::string& dir) {
        auto mount_namespace = base::read_link(dir + "/ns/mnt");
        // A captured host may lack the ns links: equal tables count as one namespace.
        if (!mount_namespace && !root_.is_live())
            mount_namespace = base::read_file(dir + "/mountinfo").value_or("");
        // A process with another root sees the mounts below that root only (seq_path_root()).
        const std::string view =
            mount_namespace.value_or(pid) + " " + base::read_link(dir + "/root").value_or("/");
        if (!seen_.insert(view).second)
            return;
        const std::string where = std::exchange(is_first_, false)
                                      ? ""
                                      : "the mount namespace of " + process_label(root_, pid);
        const std::string top = where.empty() ? "" : dir + "/root";
        const auto read = for_each_line(dir + "/mountinfo",
                                        [&](std::string_view line) { add_line(line, where, top); });
        if (read)
            return;
        seen_.erase(view);  // another process may tell
        if (is_a_loss(read.error(), pid))
            table_.unknown.push_back(read.error().text());
    }

    MountTable table() { return std::move(table_); }

  private:
    // A process that has ended has no table (EINVAL of mounts_open_common()). A captured host has
    // the tables that were captured.
    [[nodiscard]] bool is_a_loss(const base::Error& error, const std::string& pid) const {
        if (!root_.is_live())
            return error.code != base::Code::kNotFound;
        return error.errnum != EINVAL && ::access(("/proc/" + pid + "/stat").c_str(), F_OK) == 0;
    }

    void add_line(std::string_view text, const std::string& where, const std::string& top) {
        const auto line = parse_mount_line(text);
        if (!line)
            return;
        if (line->type == "nsfs" && line->root.starts_with("net:") &&
            seen_.insert(std::string(line->root)).second)
            table_.net_namespaces.push_back(top + unescape_field(line->target));
        const bool wanted = where.empty() && !ancestors_.empty();
        auto remote = remote_source(*line);
        const bool has_device = is_on_disks(*line) || remote;
        std::string target = wanted || has_device ? unescape_field(line->target) : "";
        const bool on_the_way = wanted && ancestors_.contains(target);
        if (!on_the_way && !has_device)
            return;
        Mount mount{.number = line->number,
                    .source = unescape_field(line->source),
                    .target = std::move(target),
                    .type = unescape_field(line->type),
                    .where = where,
                    .remote = std::move(remote)};
        for (const char* key : {"logdev", "rtdev", "jdev"}) {
            if (std::string device = option_value(line->options, key); !device.empty())
                table_.side_devices.emplace(std::move(device), mount.type + " on " + mount.target);
        }
        if (on_the_way)
            table_.on_the_way.insert_or_assign(mount.target, mount);
        if (has_device)
            add_mount(std::move(mount));
    }

    void add_mount(Mount mount) {
        // Copies of a table have the same mounts; hashes of them take little memory.
        const auto place =
            std::hash<std::string_view>()(mount.target) ^
            (std::size_t{mount.number.major} << 44 ^ std::size_t{mount.number.minor} << 24);
        if (!places_.insert(place).second)
            return;
        auto& mounts = table_.mounts[mount.number];
        if (mounts.size() < MountTable::kMaxPlaces) {
            mounts.push_back(std::move(mount));
            return;
        }
        ++table_.omitted[mount.number];
        const auto last = std::max_element(mounts.begin(), mounts.end(), is_shown_before);
        if (is_shown_before(mount, *last))
            *last = std::move(mount);
    }

    const Root& root_;
    std::set<std::string> ancestors_;
    std::set<std::string> seen_;
    std::unordered_set<std::size_t> places_;
    MountTable table_;
    bool is_first_ = true;
};

}  // namespace

const Mount* MountTable::mount_of(const std::string& path) const {
    std::string at = path;
    while (at.size() > 1 && at.front() == '/') {
        at = base::directory_name(at);
        if (const auto found = on_the_way.find(at); found != on_the_way.end())
            return &found->second;
    }
    return nullptr;
}

std::string MountTable::places_text(NodeNumber number) const {
    constexpr std::size_t kPlacesShown = 3;
    const auto& places = mounts.at(number);
    const auto more = omitted.find(number);
    const std::size_t total = places.size() + (more == omitted.end() ? 0 : more->second);
    // Other namespaces are named only when ours has no such mount.
    const bool ours = places.front().where.empty();
    std::string text;
    std::size_t shown = 0;
    for (const Mount& mount : places) {
        if (shown == kPlacesShown || (ours && !mount.where.empty()))
            break;
        text += shown == 0 ? "" : ", ";
        text +=
            mount.where.empty() ? mount.target : fmt::format("{} in {}", mount.target, mount.where);
        ++shown;
    }
    return shown < total ? text + fmt::format(" and {} more", total - shown) : text;
}

MountTable read_mounts(const Root& root, const std::set<std::string>& files,
                       std::span<const RunningProgram> programs) {
    MountCollector collector(root, files);
    if (root.is_live())
        collector.add("self", "/proc/self");
    else
        collector.add("1", living_dir(root, 1));
    for (const RunningProgram& program : programs)
        collector.add(std::to_string(program.pid), program.dir);
    MountTable table = collector.table();
    for (auto& [number, mounts] : table.mounts)
        std::stable_sort(mounts.begin(), mounts.end(), is_shown_before);
    return table;
}

// Filename Type Size Used Priority; the name is escaped as in mountinfo.
base::Result<std::vector<Swap>> read_swaps(const Root& root) {
    std::vector<Swap> swaps;
    const auto read = for_each_line(root.path("/proc/swaps"), [&swaps](std::string_view line) {
        const std::string path(without_deleted(unescape_field(take_field(line))));
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        if (path.starts_with('/'))
            swaps.push_back({.path = path,
                             .kind = line.starts_with("file") ? Swap::SwapKind::kFile
                                                              : Swap::SwapKind::kDevice});
    });
    if (!read && read.error().code != base::Code::kNotFound)
        return base::propagate(read);
    return swaps;
}

}  // namespace sysfs
