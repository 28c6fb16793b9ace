// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/version_sort.hpp"

#include <algorithm>
#include <compare>

namespace base {

namespace {

bool is_decimal(char c) {
    return c >= '0' && c <= '9';
}

/// Removes the leading digits and returns them without leading zeros: such numbers compare by
/// length, then as text, whatever their size.
std::string_view take_number(std::string_view& text) {
    const auto stop = std::find_if_not(text.begin(), text.end(), is_decimal);
    std::string_view run = text.substr(0, static_cast<std::size_t>(stop - text.begin()));
    text.remove_prefix(run.size());
    run.remove_prefix(std::min(run.find_first_not_of('0'), run.size()));
    return run;
}

int sign(std::strong_ordering order) {
    return order < 0 ? -1 : order > 0 ? 1 : 0;
}

}  // namespace

int version_compare(std::string_view a, std::string_view b) {
    while (!a.empty() && !b.empty()) {
        if (is_decimal(a.front()) && is_decimal(b.front())) {
            const std::string_view x = take_number(a);
            const std::string_view y = take_number(b);
            if (x.size() != y.size())
                return x.size() < y.size() ? -1 : 1;
            if (const int order = sign(x <=> y); order != 0)
                return order;
            continue;
        }
        if (a.front() != b.front())
            return a.front() < b.front() ? -1 : 1;
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
    return sign(a.size() <=> b.size());
}

}  // namespace base
