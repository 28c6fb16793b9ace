// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/file_io.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/path.hpp"
#include "base/path_root.hpp"
#include "base/try.hpp"
#include "base/unique_fd.hpp"

namespace base {
namespace {

Result<void> create_and_write(const std::string& path, std::string_view text, mode_t mode,
                              Durability durability) {
    const WritablePath writable(path);
    const UniqueFd fd(
        ::open(writable.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!fd.valid() || ::fchmod(fd.get(), mode) != 0)  // open() takes the umask's bits off
        return fail_errno(errno, "create", path);
    TRY(write_all(fd.get(), text, path));
    if (durability == Durability::kSynced && ::fsync(fd.get()) != 0)
        return fail_errno(errno, "sync", path);
    return {};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
    const UniqueFd fd = open_path(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!fd.valid())
        return fail_errno(errno, "open", path);
    return read_rest(fd.get(), path);
}

Result<std::string> read_rest(int fd, const std::string& path, std::size_t limit) {
    std::string text;
    std::array<char, 16384> chunk;
    for (;;) {
        const ssize_t got = ::read(fd, chunk.data(), chunk.size());
        if (got == 0)
            return text;
        if (got > 0)
            text.append(chunk.data(), static_cast<std::size_t>(got));
        else if (errno != EINTR)
            return fail_errno(errno, "read", path);
        if (text.size() > limit)
            return fail_errno(EFBIG, "read", path);
    }
}

Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode,
                          Durability durability, std::string temporary) {
    if (temporary.empty())
        temporary = path + ".new";
    TRY(create_file(temporary, text, mode, durability));
    if (auto renamed = rename_file(temporary, path); !renamed) {
        (void)remove_file(temporary);
        return renamed;
    }
    return durability == Durability::kSynced ? sync_directory(directory_name(path))
                                             : Result<void>();
}

Result<void> create_file(const std::string& path, std::string_view text, mode_t mode,
                         Durability durability) {
    (void)remove_file(path);  // of a run that was killed
    auto created = create_and_write(path, text, mode, durability);
    if (!created)
        (void)remove_file(path);
    return created;
}

Result<void> rename_file(const std::string& from, const std::string& to) {
    if (::rename(WritablePath(from).c_str(), WritablePath(to).c_str()) != 0)
        return fail_errno(errno, "rename", from);
    return {};
}

Result<void> remove_file(const std::string& path) {
    if (::unlink(WritablePath(path).c_str()) != 0)
        return fail_errno(errno, "remove", path);
    return {};
}

Result<void> sync_directory(const std::string& directory) {
    const UniqueFd fd = open_path(directory, O_RDONLY | O_DIRECTORY);
    if (!fd.valid())
        return fail_errno(errno, "open", directory);
    // Some file systems cannot sync a directory and return EINVAL; their renames are durable.
    if (::fsync(fd.get()) != 0 && errno != EINVAL)
        return fail_errno(errno, "sync", directory);
    return {};
}

Result<void> write_all(int fd, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t put = ::write(fd, text.data(), text.size());
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fail_errno(errno, "write", path);
        text.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
}

Result<void> sync_data(int fd, const std::string& path) {
    if (::fdatasync(fd) != 0)
        return fail_errno(errno, "sync", path);
    return {};
}

Result<MappedFile> MappedFile::open(const std::string& path) {
    const UniqueFd file = open_path(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat status {};
    if (!file.valid() || ::fstat(file.get(), &status) != 0)
        return fail_errno(errno, "read", path);
    if (!S_ISREG(status.st_mode))
        return fail_errno(EINVAL, "read", path);
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size > kFileSizeLimit)
        return fail_errno(EFBIG, "read", path);
    if (size == 0)  // mmap takes no empty range
        return MappedFile(std::string_view{});
    void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
    if (start == MAP_FAILED)
        return fail_errno(errno, "map", path);
    return MappedFile(std::string_view(static_cast<const char*>(start), size));
}

MappedFile::MappedFile(MappedFile&& other) noexcept : text_(std::exchange(other.text_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(text_, other.text_);
    return *this;
}

MappedFile::~MappedFile() {
    if (!text_.empty())
        ::munmap(const_cast<char*>(text_.data()), text_.size());
}

}  // namespace base
