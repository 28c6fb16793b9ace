// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/map_reader.hpp"
#include "policy/reading.hpp"
#include "policy/utf8.hpp"
#include "policy/vocabulary.hpp"

/// A rule: what it matches, and what it does.
namespace policy {
namespace {

constexpr Bounds kLimits{1, 1'000'000};
constexpr Bounds kVfCounts{0, 65535};

constexpr std::array<std::string_view, 3> kActions = {"driver", "sriov", "mdevs"};
/// How an action is done; by themselves these do nothing.
constexpr std::array<std::string_view, 6> kManners = {"group",  "in_use", "limit",
                                                      "access", "check",  "drift"};

void read_group(Rule& rule, const Value& value) {
    constexpr std::array<std::string_view, 2> kWords = {"strict", "whole"};
    if (value.node->kind == Node::Kind::kMap) {
        value.error("'group' must be 'strict', 'whole' or a list of matches, not a map",
                    "as in group: [{class: multimedia}]");
        return;
    }
    if (value.node->kind != Node::Kind::kSequence) {
        const auto word = read_word(value, kWords);
        if (word)
            rule.group.kind = *word == 0 ? GroupWish::Kind::kStrict : GroupWish::Kind::kWhole;
        return;
    }
    rule.group.kind = GroupWish::Kind::kListed;
    for (const Node& node : list_items(value, "group: strict takes no peer along"))
        rule.group.listed.push_back(read_match(node, "group", *value.report));
}

void read_in_use(Rule& rule, const Value& value) {
    constexpr std::array<std::string_view, 1> kWords = {"refuse"};
    if (value.node->kind == Node::Kind::kScalar) {
        if (value.node->text == "allow")
            value.error("'in_use: allow' does not say what is allowed",
                        "as in in_use: {allow: [signature]}");
        else
            static_cast<void>(read_word(value, kWords));
        return;
    }
    const MapReader map(*value.node, "'in_use'", kInUseKeys, *value.report,
                        "as in in_use: {allow: [signature]}");
    const Entry* allow = map.require("allow");
    if (allow == nullptr)
        return;
    const Value codes = map.value(*allow);
    for (const Node& node :
         list_items(codes, "as in allow: [signature]; to allow nothing, write in_use: refuse")) {
        auto code = read_forceable(codes.with(node));
        if (!code)
            continue;
        if (std::find(rule.in_use_allow.begin(), rule.in_use_allow.end(), *code) !=
            rule.in_use_allow.end())
            codes.with(node).warning(fmt::format("{} is allowed twice", cite(*code)));
        else
            rule.in_use_allow.push_back(std::move(*code));
    }
}

void read_access(Rule& rule, const Value& value) {
    const MapReader map(*value.node, "'access'", kAccessKeys, *value.report,
                        "as in access: {group: kvm, mode: \"0660\"}");
    if (map.is_map() && map.is_empty())
        value.error("'access' is empty", "as in access: {group: kvm, mode: \"0660\"}");
    if (const Entry* owner = map.find("owner"))
        rule.access.owner = read_account(map.value(*owner));
    if (const Entry* group = map.find("group"))
        rule.access.group = read_account(map.value(*group));
    if (const Entry* mode = map.find("mode"))
        rule.access.mode = read_mode(map.value(*mode));
}

void read_sriov(Rule& rule, const Value& value) {
    const MapReader map(*value.node, "'sriov'", kSriovKeys, *value.report, "as in sriov: {vfs: 8}");
    if (const Entry* vfs = map.require("vfs", "as in sriov: {vfs: 8}"))
        if (const auto count = read_integer(map.value(*vfs), kVfCounts))
            rule.sriov_vfs = static_cast<std::uint32_t>(*count);
}

/// `check` and `drift`: how carefully a binding is made and kept.
void read_care(Rule& rule, const MapReader& map) {
    constexpr std::array<std::string_view, 2> kChecks = {"none", "open"};
    constexpr std::array<std::string_view, 2> kDrifts = {"report", "restore"};
    if (const Entry* check = map.find("check"))
        rule.check = read_word(map.value(*check), kChecks) == 1U ? Check::kOpen : Check::kNone;
    if (const Entry* drift = map.find("drift"))
        rule.drift = read_word(map.value(*drift), kDrifts) == 1U ? Drift::kRestore : Drift::kReport;
}

void read_actions(Rule& rule, const MapReader& map, Report& report) {
    if (const Entry* protect = map.find("protect"))
        rule.protect = read_bool(map.value(*protect)).value_or(false);
    if (const Entry* driver = map.find("driver"))
        rule.driver = read_driver_wish(driver->value, report);
    if (const Entry* sriov = map.find("sriov"))
        read_sriov(rule, map.value(*sriov));
    if (const Entry* mdevs = map.find("mdevs"))
        for (const Node& node :
             list_items(map.value(*mdevs), "as in mdevs: [{count: 4, type: mtty-1}]"))
            rule.mdevs.push_back(read_mdev(node, report));
}

void read_manners(Rule& rule, const MapReader& map) {
    if (const Entry* group = map.find("group"))
        read_group(rule, map.value(*group));
    if (const Entry* in_use = map.find("in_use"))
        read_in_use(rule, map.value(*in_use));
    if (const Entry* limit = map.find("limit"))
        if (const auto most = read_integer(map.value(*limit), kLimits))
            rule.limit = static_cast<std::uint32_t>(*most);
    if (const Entry* access = map.find("access"))
        read_access(rule, map.value(*access));
    read_care(rule, map);
}

/// The keys of one rule against each other.
void check_actions(const Rule& rule, const MapReader& map, Report& report) {
    if (!map.is_map())
        return;
    const auto given = [&map](std::string_view key) { return map.find(key) != nullptr; };
    if (rule.protect) {
        for (const auto& keys : {std::span<const std::string_view>(kActions),
                                 std::span<const std::string_view>(kManners)})
            for (const std::string_view key : keys)
                if (const Entry* entry = map.find(key))
                    report.error(
                        entry->key.place, fmt::format("'{}' beside 'protect'", key),
                        "a protected device is never touched; make this a rule of its own");
        return;
    }
    // An unusable 'protect' was reported; what its author meant by it is not known.
    const Entry* protect = map.find("protect");
    const bool protect_is_false = protect != nullptr && protect->value.text == "false";
    if ((protect == nullptr || protect_is_false) &&
        std::none_of(kActions.begin(), kActions.end(), given))
        report.error(map.node().place, "a rule without any action",
                     "give it 'driver', 'sriov', 'mdevs' or 'protect: true'");
    else if (rule.driver && rule.driver->kind != DriverWish::Kind::kChain &&
             rule.check == Check::kOpen)
        report.warning(map.find("check")->key.place,
                       "'check: open' has no effect: this rule binds no VFIO driver");
}

}  // namespace

Rule read_rule(const Node& node, Report& report) {
    Rule rule;
    rule.where = report.where(node.place);
    const MapReader map(node, "a rule", kRuleKeys, report);
    if (const Entry* name = map.require("name"))
        rule.name = read_rule_name(map.value(*name)).value_or("");
    if (const Entry* priority = map.find("priority"))
        rule.priority = read_integer(map.value(*priority), kPriorities).value_or(0);
    if (const Entry* match = map.require("match"))
        rule.match = read_match(match->value, "match", report);
    read_actions(rule, map, report);
    read_manners(rule, map);
    check_actions(rule, map, report);
    return rule;
}

}  // namespace policy
