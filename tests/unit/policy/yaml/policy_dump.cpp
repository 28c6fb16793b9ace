// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy_dump.hpp"

#include "policy/model/match_fields.hpp"

namespace policy {
namespace {

std::string text(const std::string& value) {
    return "<" + value + ">";
}

template <typename T>
std::string number(const std::optional<T>& value) {
    return value ? std::to_string(*value) : "-";
}

std::string text(const std::optional<std::string>& value) {
    return value ? text(*value) : "-";
}

std::string describe(const Match& match) {
    std::string out = "(";
    for (const FieldTest& test : match.fields) {
        out += std::string(match_field(test.field).key) + " " + text(test.key) + "=";
        // For vf the ranges count, not the words of the author.
        if (test.field != Field::kVf)
            for (const std::string& wanted : test.wanted)
                out += text(wanted);
        for (const IndexRange& range : test.ranges)
            out += std::to_string(range.first) + ".." + std::to_string(range.last) + ",";
        out += ";";
    }
    for (const Match& pf : match.pf)
        out += "pf" + describe(pf);
    for (const auto& alternatives : match.any) {
        out += "any[";
        for (const Match& each : alternatives)
            out += describe(each);
        out += "]";
    }
    for (const Match& each : match.all)
        out += "all" + describe(each);
    for (const Match& each : match.none)
        out += "not" + describe(each);
    return out + ")";
}

std::string describe(const std::optional<DriverAction>& spec) {
    if (!spec)
        return "-";
    std::string out = std::to_string(static_cast<int>(spec->kind));
    for (const Candidate& candidate : spec->chain)
        out += (candidate.kind == Candidate::CandidateKind::kAuto ? " auto" : " named") +
               text(candidate.driver);
    return out;
}

std::string describe(const MdevSpec& spec) {
    std::string out =
        "  mdev " + text(spec.uuid) + " " + number(spec.count) + " " + text(spec.type);
    for (const auto& [name, value] : spec.attrs)
        out += " " + text(name) + "=" + text(value);
    return out + "\n";
}

std::string describe(const Rule& rule) {
    std::string out = "rule " + text(rule.name) + " " + std::to_string(rule.priority) + " " +
                      describe(rule.match);
    out += "\n  protect " + std::to_string(rule.protect) + " driver " + describe(rule.driver);
    out += " group " + std::to_string(static_cast<int>(rule.group.kind));
    for (const Match& peer : rule.group.listed)
        out += describe(peer);
    out += " in_use";
    for (const std::string& code : rule.in_use_allow)
        out += text(code);
    out += " limit " + number(rule.limit) + " access " + text(rule.access.owner) +
           text(rule.access.group) + number(rule.access.mode);
    out += " check " + std::to_string(static_cast<int>(rule.check)) + " drift " +
           std::to_string(static_cast<int>(rule.drift)) + " vfs " + number(rule.sriov_vfs) + "\n";
    for (const auto& [name, value] : rule.attrs)
        out += "  attr " + text(name) + "=" + text(value) + "\n";
    for (const MdevSpec& spec : rule.mdevs)
        out += describe(spec);
    return out;
}

}  // namespace

std::string describe(const PolicySet& set) {
    std::string out;
    for (const Variant& variant : set.variants) {
        out += "variant " + text(variant.name) + " " + std::to_string(variant.priority) + " " +
               describe(variant.match);
        for (const std::string& driver : variant.drivers)
            out += text(driver);
        out += " " + text(variant.why) + "\n";
    }
    for (const Rule& rule : set.rules)
        out += describe(rule);
    return out;
}

}  // namespace policy
