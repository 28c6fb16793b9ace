// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vfioctl {

/// A list of "key: value" lines, the values aligned. A fact that is absent has no line.
class KeyValueList {
  public:
    void add(std::string key, std::string value);
    void add(std::string key, const std::optional<std::string>& value) {
        if (value)
            add(std::move(key), *value);
    }
    /// Further lines below the same key.
    void add(std::string key, const std::vector<std::string>& values);

    [[nodiscard]] std::string text(std::size_t indent = 2) const;

  private:
    std::vector<std::pair<std::string, std::string>> lines_;
};

}  // namespace vfioctl
