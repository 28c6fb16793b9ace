// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace base {

/// The texts of the elements with `separator` between them.
template <typename Range, typename ToText = std::identity>
[[nodiscard]] std::string join(const Range& range, std::string_view separator,
                               ToText to_text = {}) {
    std::string out;
    for (const auto& element : range) {
        if (!out.empty())
            out += separator;
        out += std::invoke(to_text, element);
    }
    return out;
}

}  // namespace base
