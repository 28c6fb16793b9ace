// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/mount_line.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/file_io.hpp"
#include "base/path_root.hpp"

namespace sysfs {

std::string_view take_field(std::string_view& line) {
    const auto end = line.find(' ');
    const std::string_view field = line.substr(0, end);
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
    return field;
}

std::string unescape_field(std::string_view field) {
    const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
    std::string text;
    for (std::size_t at = 0; at < field.size(); ++at) {
        const std::string_view digits = field.substr(std::min(at + 1, field.size()), 3);
        if (field[at] != '\\' || digits.size() != 3 ||
            !std::all_of(digits.begin(), digits.end(), is_octal)) {
            text += field[at];
            continue;
        }
        text += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + digits[2] - '0');
        at += 3;
    }
    return text;
}

base::Result<void> for_each_line(const std::string& path,
                                 const std::function<void(std::string_view)>& visit) {
    const base::UniqueFd file = base::open_path(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!file.valid())
        return base::fail_errno(errno, "open", path);
    constexpr std::size_t kLongestLine = std::size_t{1} << 20U;
    std::string text;
    std::size_t total = 0;
    std::array<char, 65536> chunk;
    for (;;) {
        const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return base::fail_errno(errno, "read", path);
        if (got == 0)
            break;
        text.append(chunk.data(), static_cast<std::size_t>(got));
        std::size_t start = 0;
        for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
            visit(std::string_view(text).substr(start, end - start));
            start = end + 1;
        }
        text.erase(0, start);
        total += static_cast<std::size_t>(got);
        if (text.size() > kLongestLine || total > base::kFileSizeLimit)
            return base::fail_errno(EFBIG, "read", path);
    }
    if (!text.empty())
        visit(text);
    return {};
}

// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
std::optional<MountLine> parse_mount_line(std::string_view line) {
    take_field(line);
    take_field(line);
    const auto number = parse_node_number(NodeKind::kBlock, take_field(line));
    const std::string_view root = take_field(line);
    const std::string_view target = take_field(line);
    const auto separator = line.find(" - ");
    if (!number || target.empty() || separator == std::string_view::npos)
        return std::nullopt;
    line.remove_prefix(separator + 3);
    const std::string_view type = take_field(line);
    const std::string_view source = take_field(line);
    return MountLine{*number, root, target, type, source, take_field(line)};
}

}  // namespace sysfs
