// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/hosts/host_capture.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>

#include "base/number.hpp"
#include "sysfs/usage/process.hpp"
#include "vfioctl/hosts/captured_names.hpp"

namespace vfioctl {
namespace {

constexpr std::size_t kMaxFileSize = 64U << 20U;   // modules.alias and its like are a few MiB
constexpr std::size_t kMaxAttribute = 64U << 10U;  // the largest page there is
constexpr unsigned kMaxDepth = 32;

bool is_skipped(std::string_view name) {
    const captured::Names skipped = captured::skipped_directories();
    return std::find(skipped.begin(), skipped.end(), name) != skipped.end();
}

/// What a process can have open or mapped of a device: its node, its registers in sysfs, VFIO's
/// file.
bool is_device_file(std::string_view path) {
    const auto starts_with = [path](const char* start) { return path.starts_with(start); };
    if (starts_with("/dev/"))
        return path != "/dev/null" && !starts_with("/dev/pts/") && !starts_with("/dev/shm/") &&
               !starts_with("/dev/zero");
    return path == "anon_inode:[vfio-device]" || path.find("/devices/pci") != std::string::npos;
}

}  // namespace

HostCapture::HostCapture(const sysfs::Root& root, TarArchive& archive,
                         const sysfs::ScanOptions& wanted, std::set<std::string> stuck)
    : root_(root),
      archive_(archive),
      attributes_(captured::attributes().begin(), captured::attributes().end()),
      stuck_(std::move(stuck)) {
    for (const std::string& attr : wanted.attrs)
        attributes_.insert(attr.substr(attr.rfind('/') + 1));
    if (wanted.serial)
        attributes_.insert({"config", "vpd"});
}

void HostCapture::add_all() {
    for (const char* tree : captured::trees())
        if (const auto dir = base::Dir::open(root_.path(tree)))
            add_tree(*dir, tree, 0);
    add_modules();
    for (const char* directory : captured::directories())
        add_files(directory);
    for (const char* file : captured::files())
        add_file(file);
    add_mdevctl();
    add_mounts();
}

void HostCapture::add_tree(const base::Dir& dir, const std::string& path, unsigned depth) {
    const auto names = dir.entries();
    if (!names || depth > kMaxDepth || archive_.has_failed())
        return;
    archive_.add_directory(path);
    const bool is_stuck = stuck_.contains(path);
    for (const std::string& name : *names) {
        const std::string below = path + "/" + name;
        if (const auto target = dir.link(name))
            archive_.add_link(below, *target);
        else if (is_stuck)
            add_below(dir, name, below, depth);
        else if (!(attributes_.contains(name) && add_attribute(dir, name, below, kMaxAttribute)) &&
                 !is_skipped(name))
            add_below(dir, name, below, depth);
    }
}

void HostCapture::add_below(const base::Dir& dir, const std::string& name, const std::string& below,
                            unsigned depth) {
    if (!dir.entries(name))
        return;
    if (const auto sub = dir.sub(name))
        add_tree(*sub, below, depth + 1);
}

bool HostCapture::add_attribute(const base::Dir& dir, const std::string& name,
                                const std::string& path, std::size_t limit) {
    const auto content = dir.read_bytes(name, limit);
    if (!content)
        return false;
    archive_.add_file(path, *content);
    ++files_;
    return true;
}

void HostCapture::add_file(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (const auto dir = base::Dir::open(root_.path(path.substr(0, slash))))
        add_attribute(*dir, path.substr(slash + 1), path, kMaxFileSize);
}

void HostCapture::add_files(const std::string& directory) {
    const auto dir = base::Dir::open(root_.path(directory));
    const auto names = dir ? dir->entries() : base::propagate(dir);
    if (!names)
        return;
    for (const std::string& name : *names) {
        const std::string path = directory + "/" + name;
        if (const auto target = dir->link(name); target == "/dev/null")
            archive_.add_link(path, *target);
        else
            add_attribute(*dir, name, path, kMaxFileSize);
    }
}

void HostCapture::add_mdevctl() {
    constexpr const char* kMdevctlDirectory = "/etc/mdevctl.d";
    if (const auto dir = base::Dir::open(root_.path(kMdevctlDirectory)))
        if (const auto parents = dir->entries())
            for (const std::string& parent : *parents)
                if (parent != "scripts.d")
                    add_files(std::string(kMdevctlDirectory) + "/" + parent);
}

void HostCapture::add_modules() {
    if (const auto dir = base::Dir::open(root_.path("/sys/module")))
        if (const auto names = dir->entries())
            for (const std::string& name : *names) {
                const std::string path = "/sys/module/" + name;
                archive_.add_directory(path);
                add_attribute(*dir, name + "/initstate", path + "/initstate", kMaxAttribute);
                add_attribute(*dir, name + "/refcnt", path + "/refcnt", kMaxAttribute);
                if (const auto drivers = dir->sub(name + "/drivers"))
                    add_tree(*drivers, path + "/drivers", 0);
            }
    const auto proc = base::Dir::open(root_.path("/proc/sys/kernel"));
    const auto release = proc ? proc->attr("osrelease") : std::nullopt;
    if (release)
        for (const char* file : captured::module_files())
            add_file("/lib/modules/" + *release + "/" + file);
}

void HostCapture::add_mounts() {
    const auto proc = base::Dir::open(root_.path("/proc"));
    const auto names = proc ? proc->entries() : base::propagate(proc);
    if (!names)
        return;
    std::set<std::string> namespaces;
    for (const std::string& pid : *names) {
        if (!base::parse_decimal(pid))
            continue;
        const std::string path = "/proc/" + pid;
        const auto space = proc->link(pid + "/ns/mnt");
        const bool new_space = namespaces.insert(space.value_or(pid)).second;
        const bool uses_nodes = add_open_nodes(*proc, pid);
        if (!new_space && !uses_nodes)
            continue;
        add_attribute(*proc, pid + "/comm", path + "/comm", kMaxAttribute);
        if (space)
            archive_.add_link(path + "/ns/mnt", *space);
        if (new_space)
            add_attribute(*proc, pid + "/mountinfo", path + "/mountinfo", kMaxFileSize);
    }
}

bool HostCapture::add_open_nodes(const base::Dir& proc, const std::string& pid) {
    const auto fds = proc.entries(pid + "/fd");
    bool any = false;
    if (!fds)
        return any;
    for (const std::string& fd : *fds) {
        const auto target = proc.link(pid + "/fd/" + fd);
        if (!target || !is_device_file(*target))
            continue;
        archive_.add_link("/proc/" + pid + "/fd/" + fd, *target);
        add_attribute(proc, pid + "/fdinfo/" + fd, "/proc/" + pid + "/fdinfo/" + fd, kMaxAttribute);
        any = true;
    }
    return add_mappings(pid) || any;
}

bool HostCapture::add_mappings(const std::string& pid) {
    std::ostringstream text;
    const auto number = base::parse_decimal(pid);
    const auto mapped = sysfs::read_mappings(
        sysfs::living_dir(root_, static_cast<pid_t>(number.value_or(0))),
        [&](const sysfs::FileMapping& each) {
            if (is_device_file(each.path))
                text << each.range << " rw-s " << std::hex << each.offset << std::dec << " 00:00 "
                     << each.inode << " " << each.path << "\n";
        });
    if (!mapped || text.view().empty())
        return false;
    archive_.add_file("/proc/" + pid + "/maps", text.view());
    return true;
}

}  // namespace vfioctl
