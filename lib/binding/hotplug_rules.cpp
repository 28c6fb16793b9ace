// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/hotplug_rules.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "binding/files.hpp"
#include "policy/udev_rules.hpp"
#include "sysfs/unique_fd.hpp"

namespace binding {
namespace {

using sysfs::fail_errno;
using sysfs::Result;

constexpr const char* kName = "/79-bindd.rules";

/// Whole or not at all: udevd may read at any moment.
Result<void> replace_file(const std::string& path, const std::string& text) {
    const std::string fresh = path + ".new";
    {
        const sysfs::UniqueFd fd(
            ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
        if (!fd.valid())
            return fail_errno(errno, "open", fresh);
        if (auto written = write_all(fd.get(), text, fresh); !written)
            return written;
    }
    if (::rename(fresh.c_str(), path.c_str()) != 0)
        return fail_errno(errno, "rename", fresh);
    return {};
}

}  // namespace

Result<std::vector<std::string>> write_hotplug_rules(const StateDir& state, const policy::PolicySet& set,
                                                     const sysfs::Drivers& drivers,
                                                     const sysfs::Host& host) {
    if (state.udev_rules.empty())
        return std::vector<std::string>{};
    const std::string path = state.udev_rules + kName;
    if (set.rules.empty()) {
        if (::unlink(path.c_str()) != 0 && errno != ENOENT)
            return fail_errno(errno, "remove", path);
        return std::vector<std::string>{};
    }
    policy::UdevRules rules = policy::udev_rules(set, drivers, host);
    if (read_file(path).value_or("") == rules.text)
        return std::move(rules.left_out);
    if (auto made = make_directories(state.udev_rules); !made)
        return sysfs::propagate(made);
    if (auto replaced = replace_file(path, rules.text); !replaced)
        return sysfs::propagate(replaced);
    return std::move(rules.left_out);
}

}  // namespace binding
