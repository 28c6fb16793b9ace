// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/hosts/tar_archive.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace vfioctl {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kFlushAt = 1U << 20U;
constexpr const char* kPartSuffix = ".part";

/// The header block of POSIX.1-1988, field by field.
struct UstarHeader {
    std::array<char, 100> name{};
    std::array<char, 8> mode{};
    std::array<char, 8> uid{};
    std::array<char, 8> gid{};
    std::array<char, 12> size{};
    std::array<char, 12> mtime{};
    std::array<char, 8> checksum{};
    char type = '0';
    std::array<char, 100> target{};
    std::array<char, 6> magic{'u', 's', 't', 'a', 'r', '\0'};
    std::array<char, 2> version{'0', '0'};
    std::array<char, 32> owner{'r', 'o', 'o', 't'};
    std::array<char, 32> group{'r', 'o', 'o', 't'};
    std::array<char, 8> major{};
    std::array<char, 8> minor{};
    std::array<char, 155> prefix{};
    std::array<char, 12> unused{};
};
static_assert(sizeof(UstarHeader) == kBlock);

template <std::size_t N>
void set_octal(std::array<char, N>& field, std::size_t value) {
    for (std::size_t i = N - 1; i-- > 0; value /= 8)
        field[i] = static_cast<char>('0' + value % 8);
}

template <std::size_t N>
void set_text(std::array<char, N>& field, std::string_view text) {
    std::memcpy(field.data(), text.data(), std::min(N, text.size()));
}

/// The sum of all bytes with the checksum itself as blanks.
void set_checksum(UstarHeader& header) {
    header.checksum.fill(' ');
    std::array<unsigned char, kBlock> bytes{};
    std::memcpy(bytes.data(), &header, kBlock);
    std::size_t sum = 0;
    for (const unsigned char byte : bytes)
        sum += byte;
    std::array<char, 7> digits{};
    set_octal(digits, sum);
    std::memcpy(header.checksum.data(), digits.data(), digits.size());
}

std::string_view as_bytes(const UstarHeader& header) {
    return {reinterpret_cast<const char*>(&header), sizeof header};
}

/// "LENGTH key=value\n", where LENGTH counts its own digits as well.
std::string pax_record(const std::string& key, const std::string& value) {
    const std::string rest = " " + key + "=" + value + "\n";
    std::size_t length = rest.size() + 1;
    while (std::to_string(length).size() + rest.size() != length)
        length = std::to_string(length).size() + rest.size();
    return std::to_string(length) + rest;
}

}  // namespace

CliResult<TarArchive> TarArchive::create(const std::string& path) {
    const std::string temporary = path + kPartSuffix;
    base::UniqueFd fd(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!fd.valid())
        return fail(base::fail_errno(errno, "create", temporary).value());
    return TarArchive(std::move(fd), path);
}

TarArchive::~TarArchive() {
    if (fd_.valid())
        ::unlink((path_ + kPartSuffix).c_str());
}

void TarArchive::add_directory(const std::string& path) {
    if (path.size() <= 1 || directories_.contains(path))
        return;
    add_parents(path);
    directories_.insert(path);
    add_entry(path.substr(1) + "/", '5', "", 0755, "");
}

void TarArchive::add_file(const std::string& path, std::string_view content) {
    add_parents(path);
    add_entry(path.substr(1), '0', "", 0644, content);
}

void TarArchive::add_link(const std::string& path, const std::string& target) {
    add_parents(path);
    add_entry(path.substr(1), '2', target, 0777, "");
}

void TarArchive::add_parents(const std::string& path) {
    add_directory(path.substr(0, path.rfind('/')));
}

void TarArchive::add_entry(const std::string& name, char type, const std::string& target,
                           unsigned mode, std::string_view content) {
    UstarHeader header;
    std::string records;
    if (name.size() > header.name.size())
        records += pax_record("path", name);
    if (target.size() > header.target.size())
        records += pax_record("linkpath", target);
    if (!records.empty())
        add_entry("pax", 'x', "", 0644, records);
    set_text(header.name, name);
    set_text(header.target, target);
    set_octal(header.mode, mode);
    set_octal(header.uid, 0);
    set_octal(header.gid, 0);
    set_octal(header.size, content.size());
    set_octal(header.mtime, 0);
    header.type = type;
    set_checksum(header);
    append(as_bytes(header));
    append(content);
    append(std::string((kBlock - content.size() % kBlock) % kBlock, '\0'));
}

void TarArchive::append(std::string_view bytes) {
    buffer_ += bytes;
    if (buffer_.size() >= kFlushAt)
        flush();
}

void TarArchive::flush() {
    std::string_view left = buffer_;
    while (!left.empty() && error_ == 0) {
        const ssize_t written = ::write(fd_.get(), left.data(), left.size());
        if (written >= 0)
            left.remove_prefix(static_cast<std::size_t>(written));
        else if (errno != EINTR)
            error_ = errno;
    }
    buffer_.clear();
}

CliResult<void> TarArchive::finish() {
    append(std::string(2 * kBlock, '\0'));
    flush();
    const std::string temporary = path_ + kPartSuffix;
    if (error_ == 0 && ::close(fd_.release()) != 0)
        error_ = errno;
    if (error_ == 0 && ::rename(temporary.c_str(), path_.c_str()) != 0)
        error_ = errno;
    if (error_ == 0)
        return {};
    ::unlink(temporary.c_str());
    return fail(base::fail_errno(error_, "write", path_).value());
}

}  // namespace vfioctl
