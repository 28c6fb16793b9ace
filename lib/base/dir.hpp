// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace base {

/// The names in one directory at one time, in one block of text: thousands of devices with sixty
/// attributes are queried for a dozen names each, without an allocation or a system call per name.
class DirListing {
  public:
    void add(std::string_view name);
    [[nodiscard]] bool has(std::string_view name) const;
    /// The names that begin with `prefix`, sorted.
    [[nodiscard]] std::vector<std::string> starting_with(std::string_view prefix) const;
    [[nodiscard]] std::vector<std::string> sorted() const { return starting_with({}); }

  private:
    std::string text_ = {'\0'};  ///< "\0name\0name\0": '/' and NUL are what no name has
};

/// A directory held open (O_PATH), and operations relative to it: reads and writes reach the same
/// kernel object even if another device gets its name. Names may contain '/' but neither begin with
/// it nor contain "..": callers pass constants or names that sysfs/device/names.hpp has accepted.
class Dir {
  public:
    /// Opens `path` (absolute, or relative to the working directory).
    [[nodiscard]] static Result<Dir> open(const std::string& path);
    /// Opens a directory below this one; follows the kernel's own links (bus/pci/devices/X).
    [[nodiscard]] Result<Dir> sub(const std::string& name) const;
    /// The same, opened for reading, with its listing: saves one open.
    [[nodiscard]] Result<Dir> sub_listed(const std::string& name, DirListing& listing) const;

    /// Lists the directory again, if sub_listed() opened it.
    [[nodiscard]] Result<void> relist(DirListing& listing) const;

    /// The attribute's text with the trailing newline taken off. Absent: kNotFound.
    [[nodiscard]] Result<std::string> read(const std::string& name) const;
    /// Raw bytes, at most `limit` of them (VPD, config space).
    [[nodiscard]] Result<std::string> read_bytes(const std::string& name, std::size_t limit) const;
    /// read() without an error: for optional attributes.
    [[nodiscard]] std::optional<std::string> attr(const std::string& name) const;
    [[nodiscard]] std::optional<std::uint64_t> number(const std::string& name) const;
    /// One write() of exactly `text`: a sysfs store is one call. Never creates, never truncates.
    [[nodiscard]] Result<void> write(const std::string& name, std::string_view text) const;

    /// The last component of the link's target ("e1000e" of "driver").
    [[nodiscard]] std::optional<std::string> link_name(const std::string& name) const;
    /// The link's target, unresolved.
    [[nodiscard]] std::optional<std::string> link(const std::string& name) const;
    [[nodiscard]] bool has(const std::string& name) const;
    [[nodiscard]] std::optional<std::uint64_t> inode() const;
    /// Names inside, sorted, without "." and "..".
    [[nodiscard]] Result<std::vector<std::string>> entries(const std::string& name = ".") const;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] int fd() const { return fd_.get(); }

  private:
    [[nodiscard]] static Result<void> list(int fd, const std::string& path, DirListing& listing);
    Dir(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
    UniqueFd fd_;
    std::string path_;  ///< for messages only
};

}  // namespace base
