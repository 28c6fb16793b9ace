// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace base {

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
