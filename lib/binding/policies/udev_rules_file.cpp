// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/policies/udev_rules_file.hpp"

#include <unistd.h>

#include <cerrno>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "base/try.hpp"
#include "policy/udev/udev_rules.hpp"

namespace binding {
namespace {

using base::fail_errno;
using base::Result;

constexpr const char* kName = "/79-bindd.rules";

}  // namespace

Result<std::vector<std::string>> write_udev_rules(const StateDir& state,
                                                  const policy::PolicySet& set,
                                                  const sysfs::Drivers& drivers,
                                                  const sysfs::Host& host,
                                                  const Result<policy::DevicesInUse>& in_use) {
    if (state.udev_rules.empty())
        return in_use.map([](const auto&) { return std::vector<std::string>{}; });
    const std::string path = state.udev_rules + kName;
    if (set.rules.empty() || !in_use) {
        if (::unlink(path.c_str()) != 0 && errno != ENOENT)
            return fail_errno(errno, "remove", path);
        return in_use.map([](const auto&) { return std::vector<std::string>{}; });
    }
    policy::UdevRules rules = policy::udev_rules(set, drivers, host, *in_use);
    if (base::read_file(path).value_or("") == rules.text)
        return std::move(rules.unsupported);
    TRY(base::make_directories(state.udev_rules));
    // Of two processes that write, neither replaces the other's half. udev reads names in .rules.
    TRY(base::replace_file(path, rules.text, 0644, base::Durability::kUnsynced,
                           path + "." + std::to_string(::getpid())));
    return std::move(rules.unsupported);
}

}  // namespace binding
