// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/model/match_bus.hpp"

#include <algorithm>

namespace policy {

bool names_bus(const FieldTest& test) {
    return test.field == Field::kBus || test.field == Field::kMdevParent;
}

bool names_bus(const Match& match) {
    return std::any_of(match.fields.begin(), match.fields.end(),
                       [](const FieldTest& test) { return names_bus(test); }) ||
           any_names_bus(match.all) || any_names_bus(match.none) ||
           std::any_of(match.any.begin(), match.any.end(), any_names_bus);
}

bool any_names_bus(const std::vector<Match>& matches) {
    return std::any_of(matches.begin(), matches.end(),
                       [](const Match& match) { return names_bus(match); });
}

bool is_limited_to_pci(const Match& match) {
    const auto is_pci = [](const FieldTest& test) {
        return test.field == Field::kBus && test.wanted == std::vector<std::string>{"pci"};
    };
    return !names_bus(match) || std::any_of(match.fields.begin(), match.fields.end(), is_pci);
}

}  // namespace policy
