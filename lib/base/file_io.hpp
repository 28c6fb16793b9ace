// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"

/// Files read whole, replaced and appended to.
namespace base {

/// Largest file that is read whole: a mountinfo of 10,000 mounts has 2 MiB.
inline constexpr std::size_t kFileSizeLimit = std::size_t{64} << 20;

/// The whole file, whatever stat says of its size; one of /proc has none. Absent: kNotFound. Does
/// not wait for the writer of a FIFO.
[[nodiscard]] Result<std::string> read_file(const std::string& path);
/// The rest of an open file, at most `limit` bytes; `path` is for messages.
[[nodiscard]] Result<std::string> read_rest(int fd, const std::string& path,
                                            std::size_t limit = kFileSizeLimit);

/// Whether a change survives a power failure.
enum class Durability {
    kUnsynced,  ///< a crash of the program leaves the old text or the new, a power failure may not
    kSynced,    ///< on return the text and the file's name are on disk
};

/// Replaces the file at `path` by rename(): a reader sees the old text or the new. The new file is
/// written under `temporary`, which must be on the same file system; PATH.new when it is empty.
[[nodiscard]] Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode,
                                        Durability durability, std::string temporary = {});

/// The steps of replace_file(), for callers that do something between them.
/// Creates `path` anew with `text`; removes it on failure.
[[nodiscard]] Result<void> create_file(const std::string& path, std::string_view text, mode_t mode,
                                       Durability durability);
[[nodiscard]] Result<void> rename_file(const std::string& from, const std::string& to);
[[nodiscard]] Result<void> remove_file(const std::string& path);
/// Makes a rename, a creation or a removal inside `directory` durable.
[[nodiscard]] Result<void> sync_directory(const std::string& directory);

/// All of `text`, in one write() when the file system takes it.
[[nodiscard]] Result<void> write_all(int fd, std::string_view text, const std::string& path);
/// Makes what was written to `fd` durable (fdatasync).
[[nodiscard]] Result<void> sync_data(int fd, const std::string& path);

/// A regular file's text, mapped for reading: the module and id tables have megabytes, of which a
/// few lines are needed. Owns the mapping. Their writers replace the file and do not truncate it.
class MappedFile {
  public:
    [[nodiscard]] static Result<MappedFile> open(const std::string& path);
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&& other) noexcept;
    ~MappedFile();

    [[nodiscard]] std::string_view text() const { return text_; }

  private:
    explicit MappedFile(std::string_view text) : text_(text) {}
    std::string_view text_;
};

}  // namespace base
