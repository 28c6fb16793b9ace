// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/host/user_lookup.hpp"

#include <grp.h>
#include <pwd.h>

#include <limits>
#include <optional>
#include <sstream>
#include <vector>

#include "base/file_io.hpp"
#include "base/number.hpp"

namespace sysfs {
namespace {

constexpr std::size_t kEntryBytes = 65536;

/// The third field of the line that begins with `name`: "kvm:x:104:".
std::optional<std::uint32_t> id_in(const std::string& text, const std::string& name) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(name + ":"))
            continue;
        const std::size_t second = line.find(':', name.size() + 1);
        if (second == std::string::npos)
            continue;
        const auto id =
            base::parse_decimal(line.substr(second + 1, line.find(':', second + 1) - second - 1));
        if (id && *id < std::numeric_limits<std::uint32_t>::max())
            return static_cast<std::uint32_t>(*id);
    }
    return std::nullopt;
}

/// `find` is getpwnam_r() or its like, `id` the member of its entry.
template <typename AccountEntry, typename Find>
base::Result<std::uint32_t> look_up(const Root& root, const std::string& kind, const char* file,
                                    Find find, std::uint32_t AccountEntry::*id,
                                    const std::string& name) {
    const std::string operation = "look up " + kind;
    const std::string not_found = "no such " + kind;
    if (!root.is_live()) {
        const auto found = id_in(base::read_file(root.path(file)).value_or(""), name);
        return found ? base::Result<std::uint32_t>(*found)
                     : base::fail(base::Code::kNotFound, operation, name, not_found);
    }
    std::vector<char> buffer(kEntryBytes);
    AccountEntry entry{};
    AccountEntry* found = nullptr;
    const int errnum = find(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr)
        return entry.*id;
    if (errnum != 0)
        return base::fail_errno(errnum, operation, name);
    return base::fail(base::Code::kNotFound, operation, name, not_found);
}

template <typename Find>
std::map<std::string, std::uint32_t> look_up_all(const Root& root,
                                                 const std::set<std::string>& names, Find find) {
    std::map<std::string, std::uint32_t> out;
    for (const std::string& name : names)
        if (const auto id = find(root, name))
            out.emplace(name, *id);
    return out;
}

}  // namespace

base::Result<std::uint32_t> user_id(const Root& root, const std::string& name) {
    return look_up(root, "user", "/etc/passwd", ::getpwnam_r, &passwd::pw_uid, name);
}

base::Result<std::uint32_t> group_id(const Root& root, const std::string& name) {
    return look_up(root, "group", "/etc/group", ::getgrnam_r, &group::gr_gid, name);
}

std::map<std::string, std::uint32_t> user_ids(const Root& root,
                                              const std::set<std::string>& names) {
    return look_up_all(root, names, user_id);
}

std::map<std::string, std::uint32_t> group_ids(const Root& root,
                                               const std::set<std::string>& names) {
    return look_up_all(root, names, group_id);
}

}  // namespace sysfs
