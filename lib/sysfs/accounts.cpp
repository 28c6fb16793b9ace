// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/accounts.hpp"

#include <grp.h>
#include <pwd.h>

#include <limits>
#include <optional>
#include <sstream>
#include <vector>

#include "sysfs/names.hpp"
#include "sysfs/text_file.hpp"

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
        const auto id = parse_decimal(line.substr(second + 1, line.find(':', second + 1) - second - 1));
        if (id && *id < std::numeric_limits<std::uint32_t>::max())
            return static_cast<std::uint32_t>(*id);
    }
    return std::nullopt;
}

Result<std::uint32_t> id_of_file(const Root& root, const char* path, const std::string& operation,
                                 const std::string& name, const char* why) {
    if (const auto id = id_in(read_text_file(root.path(path)).value_or(""), name))
        return *id;
    return fail(Code::kNotFound, operation, name, why);
}

template <typename Find>
std::map<std::string, std::uint32_t> ids_of(const Root& root, const std::set<std::string>& names,
                                            Find find) {
    std::map<std::string, std::uint32_t> out;
    for (const std::string& name : names)
        if (const auto id = find(root, name))
            out.emplace(name, *id);
    return out;
}

}  // namespace

Result<std::uint32_t> user_id(const Root& root, const std::string& name) {
    const std::string operation = "look up user";
    if (!root.is_live())
        return id_of_file(root, "/etc/passwd", operation, name, "no such user");
    std::vector<char> buffer(kEntryBytes);
    passwd entry{};
    passwd* found = nullptr;
    const int errnum = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr)
        return entry.pw_uid;
    if (errnum != 0)
        return fail_errno(errnum, operation, name);
    return fail(Code::kNotFound, operation, name, "no such user");
}

Result<std::uint32_t> group_id(const Root& root, const std::string& name) {
    const std::string operation = "look up group";
    if (!root.is_live())
        return id_of_file(root, "/etc/group", operation, name, "no such group");
    std::vector<char> buffer(kEntryBytes);
    group entry{};
    group* found = nullptr;
    const int errnum = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr)
        return entry.gr_gid;
    if (errnum != 0)
        return fail_errno(errnum, operation, name);
    return fail(Code::kNotFound, operation, name, "no such group");
}

std::map<std::string, std::uint32_t> user_ids(const Root& root, const std::set<std::string>& names) {
    return ids_of(root, names, user_id);
}

std::map<std::string, std::uint32_t> group_ids(const Root& root, const std::set<std::string>& names) {
    return ids_of(root, names, group_id);
}

}  // namespace sysfs
