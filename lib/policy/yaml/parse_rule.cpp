// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/parse_rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.hpp"
#include "policy/model/keywords.hpp"
#include "policy/yaml/map_reader.hpp"
#include "policy/yaml/parse_match.hpp"
#include "policy/yaml/parse_mdev.hpp"
#include "policy/yaml/parse_variant.hpp"
#include "policy/yaml/yaml_ids.hpp"
#include "policy/yaml/yaml_names.hpp"

namespace policy {
namespace {

constexpr IntegerBounds kLimits{1, 1'000'000};
constexpr IntegerBounds kVfCounts{0, 65535};

constexpr std::array<std::string_view, 4> kActions = {"driver", "sriov", "attrs", "mdevs"};
/// These modify an action and have no effect alone.
constexpr std::array<std::string_view, 6> kModifiers = {"group",  "in_use", "limit",
                                                        "access", "check",  "drift"};

void read_group(Rule& rule, const YamlValue& value) {
    constexpr std::array<std::string_view, 2> kWords = {"strict", "whole"};
    if (value.node->kind == YamlKind::kMap) {
        value.error("'group' must be 'strict', 'whole' or a list of matches, not a map",
                    "as in group: [{class: multimedia}]");
        return;
    }
    if (value.node->kind != YamlKind::kSequence) {
        const auto word = read_keyword(value, kWords);
        if (word)
            rule.group.kind = *word == 0 ? GroupSelection::SelectionKind::kStrict
                                         : GroupSelection::SelectionKind::kWhole;
        return;
    }
    rule.group.kind = GroupSelection::SelectionKind::kListed;
    for (const YamlNode& node : list_items(value, "group: strict includes no peer"))
        rule.group.listed.push_back(read_match(node, "group", *value.report));
}

void read_in_use(Rule& rule, const YamlValue& value) {
    constexpr std::array<std::string_view, 1> kWords = {"refuse"};
    if (value.node->kind == YamlKind::kScalar) {
        if (value.node->text == "allow")
            value.error("'in_use: allow' does not say what is allowed",
                        "as in in_use: {allow: [signature]}");
        else
            static_cast<void>(read_keyword(value, kWords));
        return;
    }
    const MapReader map(*value.node, "'in_use'", kInUseKeys, *value.report,
                        "as in in_use: {allow: [signature]}");
    const YamlEntry* allow = map.require("allow");
    if (allow == nullptr)
        return;
    const YamlValue codes = map.value(*allow);
    for (const YamlNode& node :
         list_items(codes, "as in allow: [signature]; to allow nothing, write in_use: refuse")) {
        auto code = read_forceable(codes.with(node));
        if (!code)
            continue;
        if (std::find(rule.in_use_allow.begin(), rule.in_use_allow.end(), *code) !=
            rule.in_use_allow.end())
            codes.with(node).warning(fmt::format("{} is allowed twice", base::quote(*code)));
        else
            rule.in_use_allow.push_back(std::move(*code));
    }
}

void read_access(Rule& rule, const YamlValue& value) {
    const MapReader map(*value.node, "'access'", kAccessKeys, *value.report,
                        "as in access: {group: kvm, mode: \"0660\"}");
    if (map.is_map() && map.is_empty())
        value.error("'access' is empty", "as in access: {group: kvm, mode: \"0660\"}");
    rule.access.owner = map.read("owner", read_account);
    rule.access.group = map.read("group", read_account);
    rule.access.mode = map.read("mode", read_mode);
}

void read_sriov(Rule& rule, const YamlValue& value) {
    const MapReader map(*value.node, "'sriov'", kSriovKeys, *value.report, "as in sriov: {vfs: 8}");
    if (const YamlEntry* vfs = map.require("vfs", "as in sriov: {vfs: 8}"))
        if (const auto count = read_integer(map.value(*vfs), kVfCounts))
            rule.sriov_vfs = static_cast<std::uint32_t>(*count);
}

void read_attr(Rule& rule, const YamlEntry& entry, const YamlValue& attrs) {
    const YamlValue value{&entry.value, entry.key.text, attrs.report};
    const YamlNode& node = entry.value;
    if (node.kind == YamlKind::kBroken)
        return;
    auto attribute = parse_device_attribute(
        entry.key.text, node.kind == YamlKind::kScalar ? node.text : std::string());
    if (!attribute) {
        if (attribute.error().code == base::Code::kNotFound)
            attrs.with(entry.key).error(
                fmt::format("{} is not an attribute that can be set", base::quote(entry.key.text)),
                attribute.error().hint);
        else
            value.error(node.kind == YamlKind::kScalar
                            ? fmt::format("{} cannot be {}", entry.key.text, base::quote(node.text))
                            : fmt::format("'{}' must be text", entry.key.text),
                        attribute.error().hint);
        return;
    }
    // Numbers may be written without quotes; `on` needs them (YAML 1.1 reads true).
    const bool number =
        node.is_plain() && node.text.find_first_not_of("-0123456789") == std::string::npos;
    if (number || read_text(value))
        rule.attrs.push_back(std::move(*attribute));
}

void read_attrs(Rule& rule, const YamlValue& value) {
    if (value.node->kind == YamlKind::kBroken)
        return;
    const bool is_map = value.node->kind == YamlKind::kMap;
    if (!is_map || value.node->entries.empty()) {
        value.error(is_map ? "'attrs' is empty" : "'attrs' must be a map from attributes to values",
                    "as in attrs: {reset_method: flr, d3cold_allowed: 0}");
        return;
    }
    for (const YamlEntry& entry : value.node->entries)
        read_attr(rule, entry, value);
}

void read_check_and_drift(Rule& rule, const MapReader& map) {
    constexpr std::array<std::string_view, 2> kChecks = {"none", "open"};
    constexpr std::array<std::string_view, 2> kDrifts = {"report", "restore"};
    if (const YamlEntry* check = map.find("check"))
        rule.check = read_keyword(map.value(*check), kChecks) == 1U ? Check::kOpen : Check::kNone;
    if (const YamlEntry* drift = map.find("drift"))
        rule.drift =
            read_keyword(map.value(*drift), kDrifts) == 1U ? Drift::kRestore : Drift::kReport;
}

void read_actions(Rule& rule, const MapReader& map, DiagnosticCollector& report) {
    rule.protect = map.read("protect", read_bool).value_or(false);
    if (const YamlEntry* driver = map.find("driver"))
        rule.driver = read_driver_action(driver->value, report);
    if (const YamlEntry* sriov = map.find("sriov"))
        read_sriov(rule, map.value(*sriov));
    if (const YamlEntry* attrs = map.find("attrs"))
        read_attrs(rule, map.value(*attrs));
    if (const YamlEntry* mdevs = map.find("mdevs"))
        for (const YamlNode& node :
             list_items(map.value(*mdevs), "as in mdevs: [{count: 4, type: mtty-1}]"))
            rule.mdevs.push_back(read_mdev(node, report));
}

void read_modifiers(Rule& rule, const MapReader& map) {
    if (const YamlEntry* group = map.find("group"))
        read_group(rule, map.value(*group));
    if (const YamlEntry* in_use = map.find("in_use"))
        read_in_use(rule, map.value(*in_use));
    if (const YamlEntry* limit = map.find("limit"))
        if (const auto most = read_integer(map.value(*limit), kLimits))
            rule.limit = static_cast<std::uint32_t>(*most);
    if (const YamlEntry* access = map.find("access"))
        read_access(rule, map.value(*access));
    read_check_and_drift(rule, map);
}

/// Checks the keys of one rule against each other.
void check_actions(const Rule& rule, const MapReader& map, DiagnosticCollector& report) {
    if (!map.is_map())
        return;
    const auto given = [&map](std::string_view key) { return map.find(key) != nullptr; };
    if (rule.protect) {
        for (const auto& keys : {std::span<const std::string_view>(kActions),
                                 std::span<const std::string_view>(kModifiers)})
            for (const std::string_view key : keys)
                if (const YamlEntry* entry = map.find(key))
                    report.error(
                        entry->key.position, fmt::format("'{}' beside 'protect'", key),
                        "a protected device is never touched; make this a rule of its own");
        return;
    }
    // An invalid 'protect' was reported; its intended value is not known.
    const YamlEntry* protect = map.find("protect");
    const bool protect_is_false = protect != nullptr && protect->value.text == "false";
    if ((protect == nullptr || protect_is_false) &&
        std::none_of(kActions.begin(), kActions.end(), given))
        report.error(map.node().position, "a rule without any action",
                     "give it 'driver', 'sriov', 'attrs', 'mdevs' or 'protect: true'");
    else if (!rule.driver && needs_unbound_device(rule.attrs))
        report.error(map.find("attrs")->key.position, "a BAR is resized without 'driver'",
                     "the kernel resizes no BAR below a driver: the rule must give the device one");
    else if (rule.driver && rule.driver->kind == DriverAction::ActionKind::kHost &&
             map.find("attrs") != nullptr)
        report.error(map.find("attrs")->key.position, "'attrs' beside 'driver: host'",
                     "what bindd has set is put back when the host gets the device; a rule without "
                     "'driver' sets attributes of a device that the host keeps");
    else if (rule.driver && rule.driver->kind != DriverAction::ActionKind::kChain &&
             rule.check == Check::kOpen)
        report.warning(map.find("check")->key.position,
                       "'check: open' has no effect: this rule binds no VFIO driver");
}

}  // namespace

Rule read_rule(const YamlNode& node, DiagnosticCollector& report) {
    Rule rule;
    rule.where = report.where(node.position);
    const MapReader map(node, "a rule", kRuleKeys, report);
    if (const YamlEntry* name = map.require("name"))
        rule.name = read_rule_name(map.value(*name)).value_or("");
    rule.priority = map.read("priority", read_priority).value_or(0);
    if (const YamlEntry* match = map.require("match"))
        rule.match = read_match(match->value, "match", report);
    read_actions(rule, map, report);
    read_modifiers(rule, map);
    check_actions(rule, map, report);
    return rule;
}

}  // namespace policy
