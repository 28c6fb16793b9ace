// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/parse_match.hpp"

#include <fmt/format.h>

#include "policy/model/match_fields.hpp"
#include "policy/yaml/map_reader.hpp"
#include "policy/yaml/yaml_ids.hpp"
#include "policy/yaml/yaml_names.hpp"

namespace policy {
namespace {

/// What the match tests: `pf` is a match on the parent PF, which has no PF of its own.
enum class MatchSubject { kDevice, kPf };

/// What applies to a match and all matches inside it. Addresses must be PCI addresses unless a part
/// of the whole match names another bus.
struct Scope {
    MatchSubject subject = MatchSubject::kDevice;
    AddressBus address = AddressBus::kPci;
};

std::optional<std::string> read_true_or_false(const YamlValue& value) {
    const auto read = read_bool(value);
    return read ? std::optional<std::string>(*read ? "true" : "false") : std::nullopt;
}

std::optional<std::string> read_index(const YamlValue& value) {
    constexpr IntegerBounds kIndexes{0, 2147483647};
    const auto read = read_integer(value, kIndexes);
    return read ? std::optional(std::to_string(*read)) : std::nullopt;
}

std::optional<std::string> read_id(const YamlValue& value) {
    return read_hex_id(value, 4);
}
std::optional<std::string> read_revision(const YamlValue& value) {
    return read_hex_id(value, 2);
}

std::optional<std::string> read_pci_address(const YamlValue& value) {
    return read_address(value, AddressBus::kPci);
}
std::optional<std::string> read_any_address(const YamlValue& value) {
    return read_address(value, AddressBus::kAnyBus);
}

using ValueReader = std::optional<std::string> (*)(const YamlValue&);

/// The reader of one value. nullptr: ranges and maps are read as a whole.
ValueReader value_reader(ValueSyntax syntax, Scope scope) {
    switch (syntax) {
        case ValueSyntax::kBusName:
            return read_bus_name;
        case ValueSyntax::kAddress:
            return scope.address == AddressBus::kPci ? read_pci_address : read_any_address;
        case ValueSyntax::kId:
            return read_id;
        case ValueSyntax::kRevision:
            return read_revision;
        case ValueSyntax::kClass:
            return read_class;
        case ValueSyntax::kNameGlob:
            return read_name_glob;
        case ValueSyntax::kText:
            return read_text;
        case ValueSyntax::kIndex:
            return read_index;
        case ValueSyntax::kBool:
            return read_true_or_false;
        case ValueSyntax::kArch:
            return read_arch;
        case ValueSyntax::kKernel:
            return read_kernel;
        case ValueSyntax::kVfRange:
        case ValueSyntax::kPropertyMap:
        case ValueSyntax::kAttrMap:
            break;
    }
    return nullptr;
}

/// Does this match, or one inside it, name a bus that is not PCI?
bool names_other_bus(const YamlNode& node) {
    if (node.kind == YamlKind::kSequence) {
        for (const YamlNode& item : node.items)
            if (names_other_bus(item))
                return true;
        return false;
    }
    for (const YamlEntry& entry : node.entries) {
        if (entry.key.text == "bus") {
            const bool pci = entry.value.kind == YamlKind::kScalar && entry.value.text == "pci";
            if (!pci)
                return true;
        } else if (entry.value.kind != YamlKind::kScalar && names_other_bus(entry.value)) {
            return true;
        }
    }
    return false;
}

Match read_scoped(const YamlNode& node, std::string_view key, DiagnosticCollector& report,
                  Scope scope);

FieldTest field_test(Field field, const YamlValue& value, const YamlNode& key) {
    return {.field = field,
            .key = {},
            .wanted = {},
            .ranges = {},
            .where = value.report->where(key.position)};
}

void read_field(Match& match, Field field, const YamlNode& key, const YamlValue& value,
                ValueReader read) {
    FieldTest test = field_test(field, value, key);
    for (const YamlNode& node : one_or_many(value))
        if (auto wanted = read(value.with(node)))
            test.wanted.push_back(std::move(*wanted));
    match.fields.push_back(std::move(test));
}

void read_ranges(Match& match, Field field, const YamlNode& key, const YamlValue& value) {
    FieldTest test = field_test(field, value, key);
    for (const YamlNode& node : one_or_many(value)) {
        const auto range = read_range(value.with(node));
        if (!range)
            continue;
        test.ranges.push_back(*range);
        test.wanted.push_back(node.text);
    }
    match.fields.push_back(std::move(test));
}

/// property and attr: a map from names to globs, one test each.
void read_map(Match& match, Field field, const YamlValue& value, ValueReader read_name) {
    const YamlNode& node = *value.node;
    if (node.kind != YamlKind::kMap) {
        value.error(fmt::format("'{}' must be a map from names to globs", value.key),
                    field == Field::kAttr ? "as in attr: {current_link_speed: \"16*\"}"
                                          : "as in property: {ID_PATH_TAG: \"pci-*\"}");
        return;
    }
    if (node.entries.empty())
        value.error(fmt::format("'{}' is empty", value.key));
    for (const YamlEntry& entry : node.entries) {
        auto name = read_name(YamlValue{&entry.key, value.key, value.report});
        const YamlValue wanted{&entry.value, entry.key.text, value.report};
        FieldTest test = field_test(field, value, entry.key);
        test.key = name.value_or(entry.key.text);
        for (const YamlNode& each : one_or_many(wanted))
            if (auto glob = read_glob(wanted.with(each)))
                test.wanted.push_back(std::move(*glob));
        match.fields.push_back(std::move(test));
    }
}

void read_pf(Match& match, const YamlValue& value, Scope scope) {
    if (scope.subject == MatchSubject::kPf) {
        value.error(
            "a 'pf' inside a 'pf': a physical function has no physical function of its own");
        return;
    }
    scope.subject = MatchSubject::kPf;
    match.pf.push_back(read_scoped(*value.node, value.key, *value.report, scope));
}

std::vector<Match> read_alternatives(const YamlValue& value, Scope scope) {
    std::vector<Match> out;
    const std::string hint =
        fmt::format("as in {}: [{{vendor: \"10de\"}}, {{class: storage}}]", value.key);
    for (const YamlNode& node : list_items(value, hint))
        out.push_back(read_scoped(node, value.key, *value.report, scope));
    return out;
}

/// Reads the keys that contain matches. False for the key of a field.
bool read_combinator(Match& match, const YamlEntry& entry, const YamlValue& value, Scope scope) {
    const std::string& key = entry.key.text;
    if (key == "pf")
        read_pf(match, value, scope);
    else if (key == "not" && value.node->kind == YamlKind::kSequence)
        value.error("'not' must be one match, not a list", "as in not: {any: [{...}, {...}]}");
    else if (key == "not")
        match.none.push_back(read_scoped(*value.node, key, *value.report, scope));
    else if (key == "any")
        match.any.push_back(read_alternatives(value, scope));
    else if (key == "all")
        for (Match& each : read_alternatives(value, scope))
            match.all.push_back(std::move(each));
    else
        return false;
    return true;
}

void read_entry(Match& match, const YamlEntry& entry, const YamlValue& value, Scope scope) {
    const std::string& key = entry.key.text;
    if (read_combinator(match, entry, value, scope))
        return;
    const MatchField* row = find_match_field(key);
    if (row == nullptr)
        return;
    if (const ValueReader read = value_reader(row->syntax, scope))
        read_field(match, row->field, entry.key, value, read);
    else if (row->syntax == ValueSyntax::kVfRange)
        read_ranges(match, row->field, entry.key, value);
    else
        read_map(match, row->field, value,
                 row->syntax == ValueSyntax::kAttrMap ? read_attr_name : read_property_name);
}

Match read_scoped(const YamlNode& node, std::string_view key, DiagnosticCollector& report,
                  Scope scope) {
    Match match;
    match.where = report.where(node.position);
    const std::string what = fmt::format("'{}'", key);
    const MapReader map(node, what, match_keys(), report,
                        "as in {class: network, vendor: \"8086\"}");
    if (!map.is_map())
        return match;
    if (map.is_empty())
        report.error(node.position, fmt::format("{} is empty and would match every device", what),
                     "to mean every PCI device, say so: {bus: pci}");
    for (const YamlEntry& entry : node.entries)
        read_entry(match, entry, map.value(entry), scope);
    return match;
}

}  // namespace

Match read_match(const YamlNode& node, std::string_view key, DiagnosticCollector& report) {
    const Scope scope{.subject = MatchSubject::kDevice,
                      .address = names_other_bus(node) ? AddressBus::kAnyBus : AddressBus::kPci};
    return read_scoped(node, key, report, scope);
}

}  // namespace policy
