// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/process_maps.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "sysfs/usage/mount_line.hpp"
#include "sysfs/usage/process.hpp"

namespace sysfs {
namespace {

/// Takes the next field off `rest`.
std::string_view next_field(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const std::string_view field = rest.substr(0, rest.find(' '));
    rest.remove_prefix(field.size());
    return field;
}

std::optional<std::uint64_t> number(std::string_view text, int base) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

/// "7ffff7fb6000-7ffff7fb7000 rw-s fea00000 00:20 13600      /sys/devices/.../resource0"
/// (show_map_vma()). Anonymous memory has no path; "[heap]" and the like are no files.
std::optional<FileMapping> parse_mapping(std::string_view line) {
    constexpr std::string_view kDeleted = " (deleted)";
    FileMapping mapping;
    mapping.range = next_field(line);
    next_field(line);  // permissions
    const auto offset = number(next_field(line), 16);
    next_field(line);  // the file system's number: sysfs has one for each network namespace
    const auto inode = number(next_field(line), 10);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const auto dash = mapping.range.find('-');
    if (line.empty() || line.front() == '[' || dash == std::string_view::npos || !offset || !inode)
        return std::nullopt;
    const auto start = number(mapping.range.substr(0, dash), 16);
    const auto end = number(mapping.range.substr(dash + 1), 16);
    if (!start || !end || *end < *start)
        return std::nullopt;
    mapping.size = *end - *start;
    mapping.offset = *offset;
    mapping.inode = *inode;
    mapping.path = line.ends_with(kDeleted) ? line.substr(0, line.size() - kDeleted.size()) : line;
    return mapping;
}

}  // namespace

base::Result<void> read_mappings(const Root& root, pid_t pid,
                                 const std::function<void(const FileMapping&)>& visit) {
    const std::string path = process_dir(root, pid) + "/maps";
    return for_each_line(path, [&visit](std::string_view line) {
        if (const auto mapping = parse_mapping(line))
            visit(*mapping);
    });
}

}  // namespace sysfs
