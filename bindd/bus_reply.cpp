// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus_reply.hpp"

namespace bindd {
namespace {

OptionValue value_of(const sdbus::Variant& variant) {
    const std::string type = type_of(variant);
    if (type == "b")
        return variant.get<bool>();
    if (type == "d")
        return variant.get<double>();
    if (type == "s")
        return variant.get<std::string>();
    if (type == "as")
        return variant.get<std::vector<std::string>>();
    return OtherType{type};
}

}  // namespace

Options options_of(const Variants& variants) {
    Options options;
    for (const auto& [key, variant] : variants)
        options.emplace(key, value_of(variant));
    return options;
}

}  // namespace bindd
