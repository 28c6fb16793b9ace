// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/policies/later_mount.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>

#include "sysfs/usage/mount_line.hpp"

namespace binding {
namespace {

/// Where systemd's generators put what is in fstab and in the partition table, and where an
/// administrator's own units are. Units that a distribution ships may be off.
constexpr std::array kUnitDirs = {"/run/systemd/generator.early", "/etc/systemd/system",
                                  "/run/systemd/system", "/run/systemd/generator",
                                  "/run/systemd/generator.late"};

/// "/var/lib" → "var-lib.mount", systemd.unit(5). No part of our directories needs escaping.
std::string mount_unit(std::string_view mount_point) {
    std::string name(mount_point.substr(1));
    std::replace(name.begin(), name.end(), '/', '-');
    return name + ".mount";
}

bool has_unit(const sysfs::Root& root, std::string_view mount_point) {
    const std::string unit = mount_unit(mount_point);
    return std::ranges::any_of(kUnitDirs, [&](const std::string& dir) {
        return ::access(root.path(dir + "/" + unit).c_str(), F_OK) == 0;
    });
}

/// Not those of this process: a sandbox mounts the directory itself.
std::set<std::string> mount_points(const sysfs::Root& root) {
    std::set<std::string> points;
    (void)sysfs::for_each_line(root.path("/proc/1/mountinfo"), [&](std::string_view line) {
        if (const auto mount = sysfs::parse_mount_line(line))
            points.insert(sysfs::unescape_field(mount->target));
    });
    return points;
}

}  // namespace

std::optional<std::string> find_later_mount(const sysfs::Root& root, std::string_view directory) {
    std::optional<std::set<std::string>> mounted;
    for (std::size_t end = directory.find('/', 1);; end = directory.find('/', end + 1)) {
        const std::string_view mount_point = directory.substr(0, end);
        if (has_unit(root, mount_point)) {
            if (!mounted)
                mounted = mount_points(root);
            if (!mounted->contains(std::string(mount_point)))
                return std::string(mount_point);
        }
        if (end == std::string_view::npos)
            return std::nullopt;
    }
}

}  // namespace binding
