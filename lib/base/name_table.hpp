// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>

namespace base {

/// The names of an enum's values from 0 to `last`, in their order.
template <auto last>
class NameTable {
  public:
    template <typename... Names>
    requires(sizeof...(Names) ==
             static_cast<std::size_t>(last) + 1) consteval explicit NameTable(Names... names)
        : names_{names...} {}

    /// Empty for a value beyond the last, as a newer kernel may have.
    [[nodiscard]] constexpr const char* operator[](decltype(last) value) const {
        const auto at = static_cast<std::size_t>(value);
        return at < names_.size() ? names_[at] : "";
    }

  private:
    std::array<const char*, static_cast<std::size_t>(last) + 1> names_;
};

}  // namespace base
