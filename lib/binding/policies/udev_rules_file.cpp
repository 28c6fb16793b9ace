// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/policies/udev_rules_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/file_io.hpp"
#include "base/try.hpp"
#include "base/unique_fd.hpp"
#include "policy/udev/udev_rules.hpp"

namespace binding {
namespace {

using base::fail_errno;
using base::Result;

constexpr const char* kName = "/79-bindd.rules";

/// Whole or not at all: udevd may read at any moment.
Result<void> replace_file(const std::string& path, const std::string& text) {
    const std::string temporary = path + ".new";
    {
        const base::UniqueFd fd(
            ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
        if (!fd.valid())
            return fail_errno(errno, "open", temporary);
        TRY(base::write_all(fd.get(), text, temporary));
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0)
        return fail_errno(errno, "rename", temporary);
    return {};
}

}  // namespace

Result<std::vector<std::string>> write_udev_rules(const StateDir& state,
                                                  const policy::PolicySet& set,
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
    if (base::read_file(path).value_or("") == rules.text)
        return std::move(rules.unsupported);
    TRY(base::make_directories(state.udev_rules));
    TRY(replace_file(path, rules.text));
    return std::move(rules.unsupported);
}

}  // namespace binding
