// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/mount_line.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/file_io.hpp"
#include "base/path_root.hpp"

namespace sysfs {

namespace {

/// The paths in a value like "/a:/b\\:c".
void add_layers(std::string_view value, std::set<std::string>& paths) {
    std::string path;
    const std::string text = unescape_field(value) + ":";
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 1 < text.size())
            path += text[++at];
        else if (text[at] != ':')
            path += text[at];
        else if (!path.empty())
            paths.insert(std::exchange(path, {}));
    }
}

/// "192.0.2.1:6789,192.0.2.2:6789" and "[2001:db8::1]:6789/...": the first monitor of Ceph.
std::string first_monitor(std::string_view monitors) {
    monitors = monitors.substr(0, monitors.find_first_of(",/"));
    if (monitors.starts_with('['))
        return std::string(monitors.substr(1, monitors.find(']') - 1));
    return std::string(monitors.substr(0, monitors.rfind(':')));
}

/// The host in "192.0.2.9@tcp:/lustre" (a NID), "192.0.2.9:/volume" and "user@192.0.2.9:/home".
std::string first_host(const MountLine& line) {
    std::string source = unescape_field(line.source);
    const auto at = source.find('@');
    if (line.type == "lustre")
        return source.substr(0, source.find_first_of("@,:"));
    source.erase(0, at < source.find('/') ? at + 1 : 0);
    return source.starts_with('[') ? source.substr(1, source.find(']') - 1)
                                   : source.substr(0, source.find_first_of(":,"));
}

}  // namespace

std::string_view take_field(std::string_view& line, char separator) {
    const auto end = line.find(separator);
    const std::string_view field = line.substr(0, end);
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
    return field;
}

std::string without_deleted(std::string path) {
    constexpr std::string_view kDeleted = " (deleted)";
    if (path.ends_with(kDeleted))
        path.resize(path.size() - kDeleted.size());
    return path;
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

std::string option_value(std::string_view options, std::string_view key) {
    while (!options.empty()) {
        std::string_view option = take_field(options, ',');
        if (take_field(option, '=') == key)
            return unescape_field(option);
    }
    return {};
}

std::set<std::string> overlay_layers(std::string_view options) {
    constexpr std::array<std::string_view, 4> kKeys = {"lowerdir", "lowerdir+", "datadir+",
                                                       "upperdir"};
    std::set<std::string> layers;
    while (!options.empty()) {
        std::string_view option = take_field(options, ',');
        if (std::find(kKeys.begin(), kKeys.end(), take_field(option, '=')) != kKeys.end())
            add_layers(option, layers);
    }
    return layers;
}

// nfs_show_mount_options(), cifs_show_options() and Ceph's mon_addr name the server. The source of
// 9p is a server's address with the transports tcp and rdma, a tag with virtio
// (p9_show_client_options()); that of virtiofs is always a tag.
std::optional<RemoteSource> remote_source(const MountLine& line) {
    using RemoteKind = RemoteSource::RemoteKind;
    const std::string source = unescape_field(line.source);
    if (line.type == "virtiofs")
        return RemoteSource{RemoteKind::kTag, source};
    if (line.type == "9p") {
        const std::string transport = option_value(line.options, "trans");
        if (transport == "tcp" || transport == "rdma")
            return RemoteSource{RemoteKind::kAddress, source};
        if (transport == "virtio" || transport.empty())
            return RemoteSource{RemoteKind::kTag, source};
    }
    constexpr std::array<std::string_view, 4> kByAddress = {"nfs", "nfs4", "cifs", "smb3"};
    if (std::find(kByAddress.begin(), kByAddress.end(), line.type) != kByAddress.end())
        return RemoteSource{RemoteKind::kAddress, option_value(line.options, "addr")};
    constexpr std::array<std::string_view, 3> kByHost = {"lustre", "fuse.glusterfs", "fuse.sshfs"};
    if (std::find(kByHost.begin(), kByHost.end(), line.type) != kByHost.end())
        return RemoteSource{RemoteKind::kAddress, first_host(line)};
    if (line.type == "ceph") {
        const std::string monitors = option_value(line.options, "mon_addr");
        return RemoteSource{RemoteKind::kAddress,
                            first_monitor(monitors.empty() ? source : monitors)};
    }
    return std::nullopt;
}

}  // namespace sysfs
