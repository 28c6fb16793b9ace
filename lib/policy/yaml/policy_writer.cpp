// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/policy_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.hpp"
#include "policy/model/match_fields.hpp"
#include "policy/yaml/yaml_types.hpp"

/// Entries are written as blocks, and a match on one line. What a YAML tool could read as a number
/// is quoted.
namespace policy {
namespace {

std::string quoted(std::string_view text) {
    std::string out = "\"";
    while (!text.empty()) {
        const base::CodePoint point = base::next_code_point(text);
        if (point.value == '"' || point.value == '\\')
            out += '\\';
        if (point.value == '\n')
            out += "\\n";
        else if (base::is_control(point.value))
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(point.value));
        else
            out += text.substr(0, std::max<std::size_t>(point.bytes, 1));
        text.remove_prefix(std::max<std::size_t>(point.bytes, 1));
    }
    return out + "\"";
}

/// A name, plain where all YAML tools agree that it is one.
std::string word(const std::string& text) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
    };
    const bool starts_plain =
        !text.empty() && ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'));
    if (starts_plain && std::all_of(text.begin(), text.end(), plain) && !implicit_type(text))
        return text;
    return quoted(text);
}

template <typename Items, typename Show>
std::string list(const Items& items, Show show) {
    std::string out;
    for (const auto& item : items)
        out += (out.empty() ? "" : ", ") + show(item);
    return "[" + out + "]";
}

std::string one_or_list(const std::vector<std::string>& shown) {
    return shown.size() == 1 ? shown.front()
                             : list(shown, [](const std::string& text) { return text; });
}

/// Numbers and truth values are bare; all others are text.
bool is_bare(Field field) {
    const ValueSyntax syntax = match_field(field).syntax;
    return syntax == ValueSyntax::kIndex || syntax == ValueSyntax::kBool;
}

bool is_map(Field field) {
    const ValueSyntax syntax = match_field(field).syntax;
    return syntax == ValueSyntax::kPropertyMap || syntax == ValueSyntax::kAttrMap;
}

std::string values(const FieldTest& test) {
    std::vector<std::string> shown;
    for (const IndexRange& range : test.ranges)
        shown.push_back(range.first == range.last
                            ? std::to_string(range.first)
                            : quoted(fmt::format("{}-{}", range.first, range.last)));
    if (test.ranges.empty())
        for (const std::string& wanted : test.wanted)
            shown.push_back(is_bare(test.field) ? wanted : quoted(wanted));
    return one_or_list(shown);
}

std::string emit_match(const Match& match);

std::string emit_matches(const std::vector<Match>& matches) {
    return list(matches, emit_match);
}

/// The tests of one map (`property`, `attr`).
std::string emit_map(const Match& match, Field field) {
    std::string out;
    for (const FieldTest& test : match.fields)
        if (test.field == field)
            out += (out.empty() ? "" : ", ") + word(test.key) + ": " + values(test);
    return out;
}

/// A key occurs once in a map: several `any` become an `all` of them, several `not` one of an
/// `any`.
std::vector<std::string> combinators(const Match& match) {
    std::vector<std::string> out;
    if (!match.pf.empty())
        out.push_back("pf: " + emit_match(match.pf.front()));
    std::vector<std::string> all;
    for (const Match& each : match.all)
        all.push_back(emit_match(each));
    if (match.any.size() == 1)
        out.push_back("any: " + emit_matches(match.any.front()));
    else
        for (const std::vector<Match>& alternatives : match.any)
            all.push_back("{any: " + emit_matches(alternatives) + "}");
    if (!all.empty())
        out.push_back("all: " + list(all, [](const std::string& text) { return text; }));
    if (match.none.size() == 1)
        out.push_back("not: " + emit_match(match.none.front()));
    else if (!match.none.empty())
        out.push_back("not: {any: " + emit_matches(match.none) + "}");
    return out;
}

std::string emit_match(const Match& match) {
    std::vector<std::string> parts;
    for (const FieldTest& test : match.fields)
        if (!is_map(test.field))
            parts.push_back(fmt::format("{}: {}", match_field(test.field).key, values(test)));
    for (const MatchField& row : match_fields())
        if (const std::string map = is_map(row.field) ? emit_map(match, row.field) : "";
            !map.empty())
            parts.push_back(fmt::format("{}: {{{}}}", row.key, map));
    for (std::string& part : combinators(match))
        parts.push_back(std::move(part));
    const std::string inner = list(parts, [](const std::string& text) { return text; });
    return "{" + inner.substr(1, inner.size() - 2) + "}";
}

std::string emit_driver(const DriverAction& spec) {
    switch (spec.kind) {
        case DriverAction::ActionKind::kHost:
            return "host";
        case DriverAction::ActionKind::kNone:
            return "none";
        case DriverAction::ActionKind::kChain:
            break;
    }
    std::vector<std::string> shown;
    for (const Candidate& candidate : spec.chain)
        shown.push_back(candidate.kind == Candidate::CandidateKind::kAuto ? "auto"
                                                                          : word(candidate.driver));
    return one_or_list(shown);
}

/// The name of a user or group; a number stays bare.
std::string account(const std::string& text) {
    const bool number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    return number ? text : word(text);
}

std::string emit_access(const AccessSpec& access) {
    std::vector<std::string> parts;
    if (access.owner)
        parts.push_back("owner: " + account(*access.owner));
    if (access.group)
        parts.push_back("group: " + account(*access.group));
    if (access.mode)
        parts.push_back(fmt::format("mode: \"{:04o}\"", *access.mode));
    std::string out;
    for (const std::string& part : parts)
        out += (out.empty() ? "" : ", ") + part;
    return out;
}

std::string emit_attrs(const std::vector<DeviceAttribute>& attrs) {
    std::string out;
    for (const auto& [name, value] : attrs)
        out += (out.empty() ? "" : ", ") + name + ": " + quoted(value);
    return out;
}

std::string emit_mdev(const MdevSpec& spec) {
    std::string out = spec.uuid ? "uuid: " + quoted(*spec.uuid)
                                : fmt::format("count: {}", spec.count.value_or(1));
    out += ", type: " + word(spec.type);
    if (!spec.attrs.empty())
        out += ", attrs: " + list(spec.attrs, [](const auto& attr) {
                   return "{" + word(attr.first) + ": " + quoted(attr.second) + "}";
               });
    return "{" + out + "}";
}

std::string emit_modifiers(const Rule& rule) {
    std::string out;
    if (rule.group.kind == GroupSelection::SelectionKind::kWhole)
        out += "    group: whole\n";
    if (rule.group.kind == GroupSelection::SelectionKind::kListed)
        out += "    group: " + emit_matches(rule.group.listed) + "\n";
    if (!rule.in_use_allow.empty())
        out += "    in_use: {allow: " + list(rule.in_use_allow, word) + "}\n";
    if (rule.limit)
        out += fmt::format("    limit: {}\n", *rule.limit);
    if (rule.access != AccessSpec{})
        out += "    access: {" + emit_access(rule.access) + "}\n";
    if (rule.check == Check::kOpen)
        out += "    check: open\n";
    if (rule.drift == Drift::kRestore)
        out += "    drift: restore\n";
    return out;
}

template <typename Definition>
std::string emit_head(const Definition& entry) {
    std::string out = "  - name: " + word(entry.name) + "\n";
    if (entry.priority != 0)
        out += fmt::format("    priority: {}\n", entry.priority);
    return out + "    match: " + emit_match(entry.match) + "\n";
}

std::string emit_rule(const Rule& rule) {
    std::string out = emit_head(rule);
    if (rule.protect)
        out += "    protect: true\n";
    if (rule.driver)
        out += "    driver: " + emit_driver(*rule.driver) + "\n";
    if (rule.sriov_vfs)
        out += fmt::format("    sriov: {{vfs: {}}}\n", *rule.sriov_vfs);
    if (!rule.attrs.empty())
        out += "    attrs: {" + emit_attrs(rule.attrs) + "}\n";
    if (!rule.mdevs.empty())
        out += "    mdevs:\n";
    for (const MdevSpec& spec : rule.mdevs)
        out += "      - " + emit_mdev(spec) + "\n";
    return out + emit_modifiers(rule);
}

std::string emit_variant(const Variant& variant) {
    std::string out = emit_head(variant) + "    drivers: " + list(variant.drivers, word) + "\n";
    if (!variant.why.empty())
        out += "    why: " + quoted(variant.why) + "\n";
    return out;
}

}  // namespace

std::string emit(const PolicySet& set) {
    std::string out = "version: 1\n";
    if (!set.variants.empty())
        out += "variants:\n";
    for (const Variant& variant : set.variants)
        out += emit_variant(variant);
    if (!set.rules.empty())
        out += "rules:\n";
    for (const Rule& rule : set.rules)
        out += emit_rule(rule);
    return out;
}

}  // namespace policy
