// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "vfioctl/context/failure.hpp"

namespace vfioctl {

/// A tar archive being written (POSIX ustar, with pax headers for what ustar has no room for),
/// under a temporary name until finish() has put it in place. Contents are in memory: a sysfs file
/// does not know its size before it is read. Owner root, no times: the same host gives the same
/// bytes.
class TarArchive {
  public:
    [[nodiscard]] static CliResult<TarArchive> create(const std::string& path);
    TarArchive(TarArchive&&) = default;
    TarArchive& operator=(TarArchive&&) = default;
    TarArchive(const TarArchive&) = delete;
    TarArchive& operator=(const TarArchive&) = delete;
    ~TarArchive();

    // Paths are absolute ("/sys/bus") and stored without the leading slash; parents are added by
    // themselves. A failure is kept and told by finish().
    void add_directory(const std::string& path);
    void add_file(const std::string& path, std::string_view content);
    void add_link(const std::string& path, const std::string& target);

    [[nodiscard]] CliResult<void> finish();

  private:
    TarArchive(base::UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
    void add_parents(const std::string& path);
    void add_entry(const std::string& name, char type, const std::string& target, unsigned mode,
                   std::string_view content);
    void append(std::string_view bytes);
    void flush();

    base::UniqueFd fd_;
    std::string path_;
    std::string buffer_;
    std::set<std::string> directories_;
    int error_ = 0;  ///< the first errno
};

}  // namespace vfioctl
