// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/unique_fd.hpp"

namespace base {

Result<MappedFile> MappedFile::open(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (!file.valid() || ::fstat(file.get(), &status) != 0)
        return fail_errno(errno, "read", path);
    if (!S_ISREG(status.st_mode))
        return fail_errno(EINVAL, "read", path);
    const auto size = static_cast<std::size_t>(status.st_size);
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
