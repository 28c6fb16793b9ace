// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/decide/match.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "policy/model/match_bus.hpp"
#include "policy/model/match_fields.hpp"

/// How a match is evaluated, and the one default of the language: a match applies to PCI devices
/// unless it names a bus or an mdev parent. The default applies once, to the match as a whole. When
/// only some alternatives of an `any` name a bus, the others keep the default: {any: [{bus:
/// platform}, {driver: none}]} must not select every unbound device of every bus. The match of `pf`
/// needs no default, since only PCI has VFs.
namespace policy {
namespace {

enum class BusDefault { kNone, kPci };
enum class Polarity { kPlain, kInverted };

/// Where the default goes: to this match itself, or down to the alternatives of its `any`.
struct BusDefaults {
    BusDefault here = BusDefault::kNone;
    BusDefault below = BusDefault::kNone;
};

BusDefaults resolve_bus_default(const Match& match, BusDefault bus) {
    if (bus == BusDefault::kNone)
        return {};
    const auto own = [](const FieldTest& test) { return names_bus(test); };
    if (std::any_of(match.fields.begin(), match.fields.end(), own) || any_names_bus(match.all) ||
        any_names_bus(match.none))
        return {};
    if (names_bus(match))
        return {.here = BusDefault::kNone, .below = BusDefault::kPci};
    return {.here = BusDefault::kPci, .below = BusDefault::kNone};
}

/// Of several `any` lists only those that name a bus pass the default on.
BusDefault list_bus_default(const std::vector<Match>& list, BusDefault below) {
    return any_names_bus(list) ? below : BusDefault::kNone;
}

const sysfs::Device* parent_pf(const sysfs::Device& device, const sysfs::Inventory& inventory) {
    return device.vf ? inventory.find({"pci", device.vf->pf}) : nullptr;
}

/// The current value of each field.
struct CurrentFacts {
    [[nodiscard]] bool holds(const FieldTest& test, const sysfs::Device& device,
                             const sysfs::Host& host) const {
        return field_holds(test, device, host);
    }
    [[nodiscard]] CurrentFacts inverted() const { return {}; }
};

/// What can (or must) hold at another time: a field that changes counts as holding (or as not
/// holding), and the reverse below a `not`.
struct PossibleFacts {
    bool unknown_holds;
    bool (*changes)(const FieldTest& test, const sysfs::Device& device);

    [[nodiscard]] bool holds(const FieldTest& test, const sysfs::Device& device,
                             const sysfs::Host& host) const {
        return changes(test, device) ? unknown_holds : field_holds(test, device, host);
    }
    [[nodiscard]] PossibleFacts inverted() const { return {!unknown_holds, changes}; }
};

template <typename Facts>
bool holds(const Match& match, const sysfs::Device& device, const sysfs::Inventory& inventory,
           BusDefault bus, Facts facts) {
    const BusDefaults defaults = resolve_bus_default(match, bus);
    if (defaults.here == BusDefault::kPci && device.id.bus != "pci")
        return false;
    for (const FieldTest& test : match.fields)
        if (!facts.holds(test, device, inventory.host))
            return false;
    for (const Match& pf : match.pf) {
        const sysfs::Device* parent = parent_pf(device, inventory);
        if (parent == nullptr || !holds(pf, *parent, inventory, BusDefault::kNone, facts))
            return false;
    }
    for (const Match& each : match.all)
        if (!holds(each, device, inventory, BusDefault::kNone, facts))
            return false;
    for (const auto& list : match.any) {
        const BusDefault inside = list_bus_default(list, defaults.below);
        const auto fits = [&](const Match& one) {
            return holds(one, device, inventory, inside, facts);
        };
        if (std::none_of(list.begin(), list.end(), fits))
            return false;
    }
    return std::none_of(match.none.begin(), match.none.end(), [&](const Match& each) {
        return holds(each, device, inventory, BusDefault::kNone, facts.inverted());
    });
}

/// Evaluates a match as holds() does, but skips nothing and records each field. Without a device (a
/// `pf` match on a device that is no VF) nothing holds and every value is absent.
class Tracer {
  public:
    Tracer(const sysfs::Inventory& inventory, std::vector<FieldResult>& fields)
        : inventory_(inventory), fields_(fields) {}

    bool walk(const Match& match, const sysfs::Device* device, const std::string& prefix,
              Polarity polarity, BusDefault bus) {
        const BusDefaults defaults = resolve_bus_default(match, bus);
        bool ok = device != nullptr;
        if (defaults.here == BusDefault::kPci && device != nullptr && device->id.bus != "pci") {
            // Shown only when it decides, since the author did not write it.
            fields_.push_back(
                {prefix + "bus", "pci", device->id.bus, polarity == Polarity::kInverted});
            ok = false;
        }
        for (const FieldTest& test : match.fields)
            ok = field(test, device, prefix, polarity) && ok;
        for (const Match& pf : match.pf) {
            const sysfs::Device* parent =
                device == nullptr ? nullptr : parent_pf(*device, inventory_);
            ok = walk(pf, parent, prefix + "pf.", polarity, BusDefault::kNone) && ok;
        }
        for (std::size_t i = 0; i < match.all.size(); ++i)
            ok =
                walk(match.all[i], device, nested(prefix, "all", i), polarity, BusDefault::kNone) &&
                ok;
        for (const auto& list : match.any)
            ok = any(list, device, prefix, polarity, list_bus_default(list, defaults.below)) && ok;
        return none(match.none, device, prefix, polarity) && ok;
    }

  private:
    static std::string nested(const std::string& prefix, const char* word, std::size_t index) {
        return prefix + word + "[" + std::to_string(index) + "].";
    }

    bool field(const FieldTest& test, const sysfs::Device* device, const std::string& prefix,
               Polarity polarity) {
        const bool ok = device != nullptr && field_holds(test, *device, inventory_.host);
        std::string key = prefix + std::string(match_field(test.field).key);
        if (!test.key.empty())
            key += "." + test.key;
        fields_.push_back(
            {std::move(key), fmt::format("{}", fmt::join(test.wanted, ", ")),
             device == nullptr ? std::nullopt : field_value(test, *device, inventory_.host),
             ok == (polarity == Polarity::kPlain)});
        return ok;
    }

    bool any(const std::vector<Match>& list, const sysfs::Device* device, const std::string& prefix,
             Polarity polarity, BusDefault bus) {
        bool ok = false;
        for (std::size_t i = 0; i < list.size(); ++i)
            ok = walk(list[i], device, nested(prefix, "any", i), polarity, bus) || ok;
        return ok;
    }

    bool none(const std::vector<Match>& list, const sysfs::Device* device,
              const std::string& prefix, Polarity polarity) {
        // Without a device a `not` cannot make the match hold, so its fields are not inverted.
        const Polarity inside = device == nullptr              ? polarity
                                : polarity == Polarity::kPlain ? Polarity::kInverted
                                                               : Polarity::kPlain;
        bool ok = true;
        for (std::size_t i = 0; i < list.size(); ++i) {
            const std::string key = list.size() == 1 ? prefix + "not." : nested(prefix, "not", i);
            ok = !walk(list[i], device, key, inside, BusDefault::kNone) && ok;
        }
        return ok;
    }

    const sysfs::Inventory& inventory_;
    std::vector<FieldResult>& fields_;
};

}  // namespace

bool matches(const Match& match, const sysfs::Device& device, const sysfs::Inventory& inventory) {
    return holds(match, device, inventory, BusDefault::kPci, CurrentFacts{});
}

namespace {

/// The same for a rule that moves the device to another NUMA node.
bool binding_and_node_change(const FieldTest& test, const sysfs::Device& device) {
    const bool is_node =
        test.field == Field::kAttr &&
        (test.key == "numa_node" || test.key == "local_cpus" || test.key == "local_cpulist");
    return is_node || test.field == Field::kNumaNode || binding_changes(test, device);
}

PossibleMatch match_possible(const Match& match, const sysfs::Device& device,
                             const sysfs::Inventory& inventory, PossibleFacts facts) {
    if (!holds(match, device, inventory, BusDefault::kPci, facts))
        return PossibleMatch::kNo;
    return holds(match, device, inventory, BusDefault::kPci, facts.inverted())
               ? PossibleMatch::kYes
               : PossibleMatch::kMaybe;
}

}  // namespace

PossibleMatch match_early(const Match& match, const sysfs::Device& device,
                          const sysfs::Inventory& inventory) {
    return match_possible(match, device, inventory, {true, may_change});
}

PossibleMatch match_before_binding(const Rule& rule, const sysfs::Device& device,
                                   const sysfs::Inventory& inventory) {
    const bool sets_node = std::any_of(rule.attrs.begin(), rule.attrs.end(),
                                       [](const auto& each) { return each.first == "numa_node"; });
    return match_possible(rule.match, device, inventory,
                          {true, sets_node ? binding_and_node_change : binding_changes});
}

bool trace(const Match& match, const sysfs::Device& device, const sysfs::Inventory& inventory,
           std::vector<FieldResult>& fields) {
    return Tracer(inventory, fields).walk(match, &device, "", Polarity::kPlain, BusDefault::kPci);
}

}  // namespace policy
