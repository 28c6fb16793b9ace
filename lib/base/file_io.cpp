// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/file_io.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "base/unique_fd.hpp"

namespace base {

Result<void> make_directories(const std::string& path) {
    for (std::size_t at = 1; at != std::string::npos;) {
        at = path.find('/', at);
        const std::string part = path.substr(0, at);
        if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST)
            return fail_errno(errno, "create directory", part);
        if (at != std::string::npos)
            ++at;
    }
    return {};
}

Result<std::string> read_file(const std::string& path) {
    const base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd.valid())
        return fail_errno(errno, "open", path);
    return read_rest(fd.get(), path);
}

Result<std::string> read_rest(int fd, const std::string& path) {
    std::string text;
    std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(errno, "read", path);
        if (got == 0)
            return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
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

Result<void> replace_file(const std::string& path, std::string_view text) {
    const std::string next = path + ".new";
    const base::UniqueFd fd(
        ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid())
        return fail_errno(errno, "create", next);
    if (auto written = write_all(fd.get(), text, next); !written)
        return written;
    if (::rename(next.c_str(), path.c_str()) != 0)
        return fail_errno(errno, "rename", next);
    return {};
}

Result<void> replace_file(const std::string& path, std::string_view text,
                          const std::string& temporary) {
    ::unlink(temporary.c_str());
    const base::UniqueFd fd(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!fd.valid())
        return fail_errno(errno, "create", temporary);
    Result<void> done = write_all(fd.get(), text, temporary);
    if (done && (::fsync(fd.get()) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0))
        done = fail_errno(errno, "write", path);
    if (!done) {
        ::unlink(temporary.c_str());
        return done;
    }
    return sync_directory(path.substr(0, path.rfind('/')));
}

Result<void> sync_directory(const std::string& directory) {
    const base::UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid())
        return fail_errno(errno, "open", directory);
    // Some file systems sync no directories; they say EINVAL and keep their promises otherwise.
    if (::fsync(fd.get()) != 0 && errno != EINVAL)
        return fail_errno(errno, "sync", directory);
    return {};
}

}  // namespace base
