// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/map_reader.hpp"
#include "policy/reading.hpp"
#include "policy/utf8.hpp"
#include "policy/vocabulary.hpp"

/// Variants, and the drivers that variants and rules name.
namespace policy {
namespace {

bool is_word_of_rules(std::string_view name) {
    return name == "auto" || name == "host" || name == "none";
}

void read_drivers(Variant& variant, const Value& value) {
    for (const Node& node : list_items(value, "as in drivers: [vfio-pci-igd]")) {
        const auto name = read_driver_name(value.with(node));
        if (!name)
            continue;
        if (is_word_of_rules(*name))
            value.with(node).error(
                fmt::format("{} is no driver's name", cite(*name)),
                "a variant names drivers; 'auto', 'host' and 'none' are words of rules");
        else if (std::find(variant.drivers.begin(), variant.drivers.end(), *name) !=
                 variant.drivers.end())
            value.with(node).warning(fmt::format("{} is named twice", cite(*name)));
        else
            variant.drivers.push_back(*name);
    }
}

void read_chain(DriverWish& wish, const Value& value) {
    for (const Node& node : list_items(value, "as in driver: [vfio-pci-igd, auto]")) {
        const Value item = value.with(node);
        const auto name = read_driver_name(item);
        if (!name)
            continue;
        if (*name == "host" || *name == "none") {
            item.error(fmt::format("{} cannot be part of a chain", cite(*name)),
                       fmt::format("it stands alone: driver: {}", *name));
            continue;
        }
        Candidate candidate;
        if (*name != "auto")
            candidate = {.kind = Candidate::Kind::kNamed, .driver = *name};
        if (std::find(wish.chain.begin(), wish.chain.end(), candidate) != wish.chain.end())
            item.warning(fmt::format("{} stands in the chain twice", cite(*name)));
        else
            wish.chain.push_back(std::move(candidate));
    }
}

}  // namespace

DriverWish read_driver_wish(const Node& node, Report& report) {
    const Value value{&node, "driver", &report};
    DriverWish wish;
    if (node.kind == Node::Kind::kSequence) {
        read_chain(wish, value);
        return wish;
    }
    const auto name = read_driver_name(value);
    if (!name)
        return wish;
    if (*name == "host")
        wish.kind = DriverWish::Kind::kHost;
    else if (*name == "none")
        wish.kind = DriverWish::Kind::kNone;
    else if (*name == "auto")
        wish.chain.push_back({.kind = Candidate::Kind::kAuto, .driver = {}});
    else
        wish.chain.push_back({.kind = Candidate::Kind::kNamed, .driver = *name});
    return wish;
}

Variant read_variant(const Node& node, Report& report) {
    Variant variant;
    variant.where = report.where(node.place);
    const MapReader map(node, "a variant", kVariantKeys, report);
    if (const Entry* name = map.require("name"))
        variant.name = read_rule_name(map.value(*name)).value_or("");
    if (const Entry* priority = map.find("priority"))
        variant.priority = read_integer(map.value(*priority), kPriorities).value_or(0);
    if (const Entry* match = map.require("match"))
        variant.match = read_match(match->value, "match", report);
    if (const Entry* drivers = map.require("drivers", "as in drivers: [vfio-pci-igd]"))
        read_drivers(variant, map.value(*drivers));
    if (const Entry* why = map.find("why"))
        variant.why = read_prose(map.value(*why)).value_or("");
    return variant;
}

}  // namespace policy
