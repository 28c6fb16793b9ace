// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/dir.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/lost_reads.hpp"
#include "base/number.hpp"
#include "base/path_root.hpp"
#include "base/try.hpp"

namespace base {
namespace {

// A captured root may have any file in place of an attribute: a FIFO must not block.
constexpr int kReadFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY;

/// Reads to the end, an error (false) or `limit`. A short read is the end: the kernel returns an
/// attribute whole, and this saves one call for each.
bool read_all(int fd, std::size_t limit, std::string& out) {
    std::array<char, 4096> chunk;
    while (out.size() < limit) {
        const std::size_t asked = std::min(chunk.size(), limit - out.size());
        const ssize_t got = ::read(fd, chunk.data(), asked);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        out.append(chunk.data(), static_cast<std::size_t>(got));
        if (static_cast<std::size_t>(got) < asked)
            break;
    }
    return true;
}

bool is_dot(std::string_view name) {
    return name == "." || name == "..";
}

}  // namespace

void DirListing::add(std::string_view name) {
    text_ += name;
    text_ += '\0';
}

bool DirListing::has(std::string_view name) const {
    // Names are short: this copy stays within the string's own buffer.
    std::string framed(1, '\0');
    framed += name;
    framed += '\0';
    return ::memmem(text_.data(), text_.size(), framed.data(), framed.size()) != nullptr;
}

std::vector<std::string> DirListing::starting_with(std::string_view prefix) const {
    std::vector<std::string> out;
    for (std::size_t at = 1; at < text_.size();) {
        const std::string_view name = text_.data() + at;
        if (name.starts_with(prefix))
            out.emplace_back(name);
        at += name.size() + 1;
    }
    std::sort(out.begin(), out.end());
    return out;
}

Result<Dir> Dir::open(const std::string& path) {
    UniqueFd fd = open_path(path, O_PATH | O_DIRECTORY);
    if (!fd.valid())
        return fail_errno(errno, "open", path);
    return Dir(std::move(fd), path);
}

Result<Dir> Dir::sub(const std::string& name) const {
    UniqueFd fd = open_at(fd_.get(), path_, name, O_PATH | O_DIRECTORY);
    if (!fd.valid())
        return fail_errno(errno, "open", path_ + "/" + name);
    return Dir(std::move(fd), path_ + "/" + name);
}

std::optional<std::uint64_t> Dir::inode() const {
    struct stat found {};
    return ::fstat(fd_.get(), &found) == 0 ? std::optional<std::uint64_t>(found.st_ino)
                                           : std::nullopt;
}

Result<std::string> Dir::read(const std::string& name) const {
    constexpr std::size_t kLongestAttribute = std::size_t{1} << 20U;
    auto text = read_bytes(name, kLongestAttribute);
    if (text && !text->empty() && text->back() == '\n')
        text->pop_back();
    return text;
}

Result<std::string> Dir::read_bytes(const std::string& name, std::size_t limit) const {
    const UniqueFd file = open_at(fd_.get(), path_, name, kReadFlags);
    std::string out;
    if (!file.valid() || !read_all(file.get(), limit, out))
        return fail_errno(errno, "read", path_ + "/" + name);
    return out;
}

std::optional<std::string> Dir::attr(const std::string& name) const {
    // Not by read(): most attributes are absent, and constructing an Error costs more than the
    // system call.
    constexpr std::size_t kLongestAttribute = std::size_t{1} << 16U;  // the largest page there is
    const UniqueFd file = open_at(fd_.get(), path_, name, kReadFlags);
    std::string out;
    if (!file.valid() || !read_all(file.get(), kLongestAttribute, out)) {
        if (errno != ENOENT)
            LostReads::note(errno, path_ + "/" + name);
        return std::nullopt;
    }
    if (!out.empty() && out.back() == '\n')
        out.pop_back();
    return out;
}

std::optional<std::uint64_t> Dir::number(const std::string& name) const {
    const auto text = attr(name);
    return text ? parse_kernel_number(*text) : std::nullopt;
}

Result<void> Dir::write(const std::string& name, std::string_view text) const {
    const UniqueFd file = open_at(fd_.get(), path_, name, O_WRONLY | O_NOCTTY);
    if (!file.valid())
        return fail_errno(errno, "open", path_ + "/" + name);
    const ssize_t put = ::write(file.get(), text.data(), text.size());
    if (put < 0)
        return fail_errno(errno, "write", path_ + "/" + name);
    if (static_cast<std::size_t>(put) != text.size())
        return fail(Code::kFailed, "write", path_ + "/" + name, "only a part was taken");
    return {};
}

std::optional<std::string> Dir::link(const std::string& name) const {
    return link_at(fd_.get(), path_, name);
}

std::optional<std::string> Dir::link_name(const std::string& name) const {
    auto target = link(name);
    if (!target)
        return std::nullopt;
    target->erase(0, target->rfind('/') + 1);  // npos + 1 is 0
    return target;
}

bool Dir::has(const std::string& name) const {
    return is_confined() ? open_at(fd_.get(), path_, name, O_PATH).valid()
                         : ::faccessat(fd_.get(), name.c_str(), F_OK, 0) == 0;
}

// getdents64 is called directly: readdir adds an fstat, an fcntl and a heap buffer for each of
// thousands of directories.
Result<void> Dir::list(int fd, const std::string& path, DirListing& listing) {
    alignas(dirent64) std::array<char, 32768> buffer;
    ssize_t got = 0;
    while ((got = ::getdents64(fd, buffer.data(), buffer.size())) > 0) {
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            std::uint16_t length = 0;
            std::memcpy(&length, buffer.data() + at + offsetof(dirent64, d_reclen), sizeof length);
            const std::string_view name = buffer.data() + at + offsetof(dirent64, d_name);
            if (!is_dot(name))
                listing.add(name);
            at += length;
        }
    }
    if (got < 0)
        return fail_errno(errno, "list", path);
    return {};
}

Result<Dir> Dir::sub_listed(const std::string& name, DirListing& listing) const {
    const std::string path = path_ + "/" + name;
    UniqueFd fd = open_at(fd_.get(), path_, name, O_RDONLY | O_DIRECTORY);
    if (!fd.valid())
        return fail_errno(errno, "open", path);
    TRY(list(fd.get(), path, listing));
    return Dir(std::move(fd), path);
}

Result<void> Dir::relist(DirListing& listing) const {
    if (::lseek(fd_.get(), 0, SEEK_SET) < 0)
        return fail_errno(errno, "list", path_);
    return list(fd_.get(), path_, listing);
}

Result<std::vector<std::string>> Dir::entries(const std::string& name) const {
    const UniqueFd fd = open_at(fd_.get(), path_, name, O_RDONLY | O_DIRECTORY);
    const std::string path = name == "." ? path_ : path_ + "/" + name;
    if (!fd.valid())
        return fail_errno(errno, "list", path);
    DirListing listing;
    TRY(list(fd.get(), path, listing));
    return listing.sorted();
}

}  // namespace base
