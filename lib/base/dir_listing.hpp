// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

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

}  // namespace base
