// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/key_value_list.hpp"

#include <algorithm>

#include "vfioctl/context/failure.hpp"

namespace vfioctl {

void KeyValueList::add(std::string key, std::string value) {
    if (!value.empty())
        lines_.emplace_back(std::move(key), std::move(value));
}

void KeyValueList::add(std::string key, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
        add(key, value);
        key.clear();
    }
}

std::string KeyValueList::text(std::size_t indent) const {
    std::size_t width = 0;
    for (const auto& [key, value] : lines_)
        width = std::max(width, key.size());
    std::string out;
    for (const auto& [key, value] : lines_) {
        const std::string label = key.empty() ? "" : key + ":";
        out += std::string(indent, ' ') + label + std::string(width + 2 - label.size(), ' ') +
               printable(value) + "\n";
    }
    return out;
}

}  // namespace vfioctl
