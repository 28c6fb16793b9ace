// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/parse_variant.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.hpp"
#include "policy/model/keywords.hpp"
#include "policy/yaml/map_reader.hpp"
#include "policy/yaml/parse_match.hpp"
#include "policy/yaml/yaml_names.hpp"

namespace policy {
namespace {

bool is_rule_keyword(std::string_view name) {
    return name == "auto" || name == "host" || name == "none";
}

void read_drivers(Variant& variant, const YamlValue& value) {
    for (const YamlNode& node : list_items(value, "as in drivers: [vfio-pci-igd]")) {
        const auto name = read_driver_name(value.with(node));
        if (!name)
            continue;
        if (is_rule_keyword(*name))
            value.with(node).error(
                fmt::format("{} is no driver's name", base::quote(*name)),
                "a variant names drivers; 'auto', 'host' and 'none' are words of rules");
        else if (std::find(variant.drivers.begin(), variant.drivers.end(), *name) !=
                 variant.drivers.end())
            value.with(node).warning(fmt::format("{} is named twice", base::quote(*name)));
        else
            variant.drivers.push_back(*name);
    }
}

void read_chain(DriverAction& spec, const YamlValue& value) {
    for (const YamlNode& node : list_items(value, "as in driver: [vfio-pci-igd, auto]")) {
        const YamlValue item = value.with(node);
        const auto name = read_driver_name(item);
        if (!name)
            continue;
        if (*name == "host" || *name == "none") {
            item.error(fmt::format("{} cannot be part of a chain", base::quote(*name)),
                       fmt::format("it stands alone: driver: {}", *name));
            continue;
        }
        Candidate candidate;
        if (*name != "auto")
            candidate = {.kind = Candidate::CandidateKind::kNamed, .driver = *name};
        if (std::find(spec.chain.begin(), spec.chain.end(), candidate) != spec.chain.end())
            item.warning(fmt::format("{} stands in the chain twice", base::quote(*name)));
        else
            spec.chain.push_back(std::move(candidate));
    }
}

}  // namespace

DriverAction read_driver_action(const YamlNode& node, DiagnosticCollector& report) {
    const YamlValue value{&node, "driver", &report};
    DriverAction spec;
    if (node.kind == YamlKind::kSequence) {
        read_chain(spec, value);
        return spec;
    }
    const auto name = read_driver_name(value);
    if (!name)
        return spec;
    if (*name == "host")
        spec.kind = DriverAction::ActionKind::kHost;
    else if (*name == "none")
        spec.kind = DriverAction::ActionKind::kNone;
    else if (*name == "auto")
        spec.chain.push_back({.kind = Candidate::CandidateKind::kAuto, .driver = {}});
    else
        spec.chain.push_back({.kind = Candidate::CandidateKind::kNamed, .driver = *name});
    return spec;
}

Variant read_variant(const YamlNode& node, DiagnosticCollector& report) {
    Variant variant;
    variant.where = report.where(node.position);
    const MapReader map(node, "a variant", kVariantKeys, report);
    if (const YamlEntry* name = map.require("name"))
        variant.name = read_rule_name(map.value(*name)).value_or("");
    variant.priority = map.read("priority", read_priority).value_or(0);
    if (const YamlEntry* match = map.require("match"))
        variant.match = read_match(match->value, "match", report);
    if (const YamlEntry* drivers = map.require("drivers", "as in drivers: [vfio-pci-igd]"))
        read_drivers(variant, map.value(*drivers));
    variant.why = map.read("why", read_prose).value_or("");
    return variant;
}

}  // namespace policy
