// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/dir_listing.hpp"

#include <algorithm>
#include <cstring>

namespace base {

void DirListing::add(std::string_view name) {
    text_ += name;
    text_ += '\0';
}

bool DirListing::has(std::string_view name) const {
    // Names are short: this copy stays within the string's own buffer.
    std::string framed(1, '\0');
    framed += name;
    framed += '\0';
    return ::memmem(text_.data(), text_.size(), framed.data(), framed.size()) != nullptr;
}

std::vector<std::string> DirListing::starting_with(std::string_view prefix) const {
    std::vector<std::string> out;
    for (std::size_t at = 1; at < text_.size();) {
        const std::string_view name = text_.data() + at;
        if (name.starts_with(prefix))
            out.emplace_back(name);
        at += name.size() + 1;
    }
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace base
