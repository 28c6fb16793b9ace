// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/unique_fd.hpp"
#include "vfioctl/context/failure.hpp"

struct archive;
struct archive_entry;

namespace vfioctl {

/// A tar archive being written, 0600 and under a temporary name until finish() has put it in place;
/// compressed when its name ends in .zst, .xz or .gz. POSIX ustar, with pax headers for what ustar
/// has no room for. Contents are passed in memory: the size of a sysfs file is known only after it
/// has been read. Owner root, no times: the same host gives the same bytes.
class TarArchive {
  public:
    /// "-" is standard output, uncompressed.
    [[nodiscard]] static CliResult<TarArchive> create(const std::string& path);
    TarArchive(TarArchive&&) = default;
    TarArchive& operator=(TarArchive&&) = default;
    TarArchive(const TarArchive&) = delete;
    TarArchive& operator=(const TarArchive&) = delete;
    ~TarArchive();

    // Paths are absolute ("/sys/bus") and stored without the leading slash; parents are added
    // automatically. finish() returns the first failure.
    void add_directory(const std::string& path);
    void add_file(const std::string& path, std::string_view content);
    void add_link(const std::string& path, const std::string& target);

    [[nodiscard]] bool has_failed() const { return error_.has_value(); }
    [[nodiscard]] CliResult<void> finish();

  private:
    struct Free {
        void operator()(archive* writer) const;
        void operator()(archive_entry* entry) const;
    };
    struct Entry {
        std::string name;
        unsigned type;
        unsigned mode;
        std::string_view content{};
        const char* target = nullptr;
    };
    TarArchive(base::UniqueFd fd, std::string path, std::string temporary);
    void open();
    void add_parents(const std::string& path);
    void add_entry(const Entry& entry);
    /// Keeps libarchive's message when `status` is its first failure.
    void check(long status);

    base::UniqueFd fd_;
    std::string path_;
    std::string temporary_;  ///< where it is written; empty: a stream
    std::unique_ptr<archive, Free> writer_;
    std::set<std::string> directories_;
    std::size_t entries_ = 0;
    std::size_t bytes_ = 0;
    std::optional<base::Error> error_;
};

}  // namespace vfioctl
