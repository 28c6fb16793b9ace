// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/mdevctl/mdev_definition.hpp"

#include <uuid/uuid.h>

#include <algorithm>
#include <array>

#include "base/try.hpp"
#include "binding/codec/json.hpp"
#include "sysfs/device/names.hpp"

namespace binding {
namespace {

using base::Code;
using base::Error;
using base::Result;

tl::unexpected<Error> invalid(std::string why) {
    return base::fail(Code::kInvalid, {}, {}, std::move(why));
}

Result<std::pair<std::string, std::string>> parse_attr(const Json& attr) {
    if (!attr.is_object())
        return invalid("invalid JSON format for attribute: not an object");
    if (attr.size() != 1)
        return invalid("invalid JSON format for attribute: too many fields");
    const auto only = attr.begin();
    const std::string& name = only.key();
    const Json& value = only.value();
    if (!value.is_string())
        return invalid("invalid JSON format for attribute {\"" + name + "\", " + dump(value) +
                       "}: value must be of type str");
    if (!sysfs::parse_attr_name(name))
        return invalid("invalid attribute name '" + name + "'");
    return std::pair{name, value.get<std::string>()};
}

}  // namespace

Json to_json(const MdevDefinition& definition) {
    Json attrs = Json::array();
    for (const auto& [name, value] : definition.attrs)
        attrs.push_back({{utf8(name), utf8(value)}});
    return {{"mdev_type", utf8(definition.type)},
            {"start", definition.start == MdevStart::kAuto ? "auto" : "manual"},
            {"attrs", std::move(attrs)}};
}

std::string to_file_text(const MdevDefinition& definition) {
    return dump(to_json(definition), JsonLayout::kIndented);
}

Result<MdevAttrs> parse_mdev_attrs(const Json& attrs) {
    MdevAttrs out;
    if (attrs.is_null())
        return out;
    if (!attrs.is_array())
        return invalid("attributes field is not an array");
    for (const Json& each : attrs) {
        auto attr = TRY(parse_attr(each));
        out.push_back(std::move(attr));
    }
    return out;
}

Result<MdevDefinition> parse_mdev_definition(const std::string& uuid, const std::string& parent,
                                             std::string_view text) {
    const auto json = TRY(parse_json(text));
    const auto field = [&](const char* name) {
        return json.is_object() && json.contains(name) ? json.at(name) : Json(nullptr);
    };
    const Json type = field("mdev_type");
    const Json start = field("start");
    if (type.is_null() || start.is_null())
        return invalid("invalid json");
    if (!type.is_string() || !sysfs::parse_mdev_type(type.get<std::string>()))
        return invalid("invalid json: mdev_type " + dump(type) + " is no type's name");
    auto attrs = TRY(parse_mdev_attrs(field("attrs")));
    // Whatever does not say "auto" is manual, as mdevctl reads it.
    return MdevDefinition{.uuid = uuid,
                          .parent = parent,
                          .type = type.get<std::string>(),
                          .start = start == "auto" ? MdevStart::kAuto : MdevStart::kManual,
                          .attrs = std::move(attrs)};
}

Result<std::string> parse_uuid_loosely(std::string_view text) {
    constexpr std::string_view kUrn = "urn:uuid:";
    constexpr std::size_t kDigits = 32;
    std::string_view bare = text;
    if (bare.starts_with(kUrn))
        bare.remove_prefix(kUrn.size());
    else if (bare.size() > 2 && bare.front() == '{' && bare.back() == '}')
        bare = bare.substr(1, bare.size() - 2);
    std::string dashed(bare);
    if (bare.size() == kDigits)
        for (const std::size_t at : {8U, 13U, 18U, 23U})
            dashed.insert(at, "-");
    return sysfs::parse_uuid(dashed);
}

std::string new_uuid() {
    uuid_t uuid;
    ::uuid_generate_random(uuid);
    std::array<char, 37> text{};
    ::uuid_unparse_lower(uuid, text.data());
    return text.data();
}

}  // namespace binding
