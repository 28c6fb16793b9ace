// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/reply.hpp"

namespace bindd {
namespace {

MethodOptionValue to_option_value(const sdbus::Variant& variant) {
    const std::string type = dbus::variant_type(variant);
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

MethodOptions to_method_options(const Variants& variants) {
    MethodOptions options;
    for (const auto& [key, variant] : variants)
        options.emplace(key, to_option_value(variant));
    return options;
}

}  // namespace bindd
