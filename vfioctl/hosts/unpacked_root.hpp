// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <utility>

#include "vfioctl/context/failure.hpp"

namespace vfioctl {

/// An archive of `capture` as the directory of --root: unpacked below the directory for temporary
/// files, for its owner alone, and removed when this object ends. The process is confined to it
/// (base::confine_paths()) before the first entry is written, so no entry leads out of it. Only
/// directories, regular files and links are unpacked.
class UnpackedRoot {
  public:
    /// Compressed or not; "-" is standard input.
    [[nodiscard]] static CliResult<UnpackedRoot> unpack(const std::string& archive);
    UnpackedRoot(UnpackedRoot&& other) noexcept : directory_(std::exchange(other.directory_, {})) {}
    UnpackedRoot& operator=(UnpackedRoot&&) = delete;
    UnpackedRoot(const UnpackedRoot&) = delete;
    UnpackedRoot& operator=(const UnpackedRoot&) = delete;
    ~UnpackedRoot();

    [[nodiscard]] const std::string& directory() const { return directory_; }

  private:
    explicit UnpackedRoot(std::string directory) : directory_(std::move(directory)) {}
    std::string directory_;
};

}  // namespace vfioctl
