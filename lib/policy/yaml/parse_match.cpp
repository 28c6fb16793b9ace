// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <array>

#include "policy/model/keywords.hpp"
#include "policy/yaml/map_reader.hpp"
#include "policy/yaml/yaml_reader.hpp"

/// `match`: a map of fields and combinators.
namespace policy {
namespace {

/// Whose match it is: `pf` is a match on the parent PF, which has no PF of its own.
enum class MatchSubject { kDevice, kPf };

/// What holds for a match and all those inside it. Addresses are checked as PCI ones unless some
/// part of the whole match names another bus.
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

struct FieldReader {
    Field field;
    std::optional<std::string> (*read)(const YamlValue&);
};

/// Every field with one kind of value; address, vf, property and attr have readers of their own.
constexpr std::array kReaders = {
    FieldReader{Field::kBus, read_bus_name},
    FieldReader{Field::kVendor, read_id},
    FieldReader{Field::kDevice, read_id},
    FieldReader{Field::kSubsystemVendor, read_id},
    FieldReader{Field::kSubsystemDevice, read_id},
    FieldReader{Field::kClass, read_class},
    FieldReader{Field::kRevision, read_revision},
    FieldReader{Field::kDriver, read_name_glob},
    FieldReader{Field::kModalias, read_name_glob},
    FieldReader{Field::kPath, read_name_glob},
    FieldReader{Field::kSlot, read_text},
    FieldReader{Field::kNumaNode, read_index},
    FieldReader{Field::kIommuGroup, read_index},
    FieldReader{Field::kIsVf, read_true_or_false},
    FieldReader{Field::kIsPf, read_true_or_false},
    FieldReader{Field::kNetdev, read_name_glob},
    FieldReader{Field::kSerial, read_text},
    FieldReader{Field::kBootVga, read_true_or_false},
    FieldReader{Field::kArch, read_arch},
    FieldReader{Field::kKernel, read_kernel},
    FieldReader{Field::kMdevParent, read_name_glob},
};

/// Does this match, or one inside it, name a bus that is not PCI?
bool names_other_bus(const YamlNode& node) {
    if (node.kind == YamlNode::YamlKind::kSequence) {
        for (const YamlNode& item : node.items)
            if (names_other_bus(item))
                return true;
        return false;
    }
    for (const YamlEntry& entry : node.entries) {
        if (entry.key.text == "bus") {
            const bool pci =
                entry.value.kind == YamlNode::YamlKind::kScalar && entry.value.text == "pci";
            if (!pci)
                return true;
        } else if (entry.value.kind != YamlNode::YamlKind::kScalar &&
                   names_other_bus(entry.value)) {
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

template <typename Read>
void read_field(Match& match, Field field, const YamlNode& key, const YamlValue& value, Read read) {
    FieldTest test = field_test(field, value, key);
    for (const YamlNode& node : one_or_many(value))
        if (auto wanted = read(value.with(node)))
            test.wanted.push_back(std::move(*wanted));
    match.fields.push_back(std::move(test));
}

void read_vf(Match& match, const YamlNode& key, const YamlValue& value) {
    FieldTest test = field_test(Field::kVf, value, key);
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
template <typename ReadName>
void read_map(Match& match, Field field, const YamlValue& value, ReadName read_name) {
    const YamlNode& node = *value.node;
    if (node.kind != YamlNode::YamlKind::kMap) {
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

/// Keys that are matches of their own. False for a key that is a plain field.
bool read_combinator(Match& match, const YamlEntry& entry, const YamlValue& value, Scope scope) {
    const std::string& key = entry.key.text;
    if (key == "pf")
        read_pf(match, value, scope);
    else if (key == "not" && value.node->kind == YamlNode::YamlKind::kSequence)
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
    if (key == "address") {
        const auto read = [scope](const YamlValue& each) {
            return read_address(each, scope.address);
        };
        read_field(match, Field::kAddress, entry.key, value, read);
    } else if (key == "vf") {
        read_vf(match, entry.key, value);
    } else if (key == "property") {
        read_map(match, Field::kProperty, value, read_property_name);
    } else if (key == "attr") {
        read_map(match, Field::kAttr, value, read_attr_name);
    }
    for (const FieldReader& reader : kReaders)
        if (key == field_name(reader.field))
            read_field(match, reader.field, entry.key, value, reader.read);
}

Match read_scoped(const YamlNode& node, std::string_view key, DiagnosticCollector& report,
                  Scope scope) {
    Match match;
    match.where = report.where(node.position);
    const std::string what = fmt::format("'{}'", key);
    const MapReader map(node, what, kMatchKeys, report, "as in {class: network, vendor: \"8086\"}");
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
