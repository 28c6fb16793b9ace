// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/udev/udev_rules.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "policy/decide/candidate_resolver.hpp"
#include "policy/decide/rule_equivalence.hpp"
#include "policy/udev/udev_match.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/module/aliases.hpp"

/// The kernel tells of a new PCI device (uevent `add`) before it offers the device to its drivers.
/// A native driver that is loaded already wins that race more often than not; one that is not is
/// loaded by udev itself, for the device's modalias, at the end of its rules. So an override that
/// is written by a rule comes in time exactly where it has to, and the lines follow the order of
/// deciding: protection first, then the tiers of priority from the top; in a tier the first rule
/// that matches sets what is asked, and another that asks for something else is a conflict. `GOTO`
/// only goes forward. What udev cannot tell errs to the side of leaving the device alone.
namespace policy {
namespace {

constexpr const char* kEnd = "GOTO=\"bindd_end\"\n";
constexpr const char* kAuto = "ENV{.BINDD_AUTO}";
constexpr const char* kAsk = "ENV{.BINDD_ASK}";

std::string rule_citation(const Rule& rule) {
    return "rule " + rule.name + " (" + rule.where.text() + ")";
}

/// Of text that may hold anything a comment's line.
std::string comment(const std::string& text) {
    std::string line = text;
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c >= 0 && c < ' '; }, '?');
    return "# " + line + "\n";
}

class RulesFile {
  public:
    RulesFile(const PolicySet& set, const sysfs::Drivers& drivers, const sysfs::Host& host)
        : set_(set), drivers_(drivers), host_(host), resolver_(bus_, drivers) {}

    UdevRules write() && {
        std::vector<const Rule*> rest;
        for (const Rule& rule : set_.rules)
            if (rule.protect)
                protect(rule);
            else
                rest.push_back(&rule);
        std::stable_sort(rest.begin(), rest.end(),
                         [](const Rule* a, const Rule* b) { return a->priority > b->priority; });
        for (std::size_t at = 0; at < rest.size();) {
            std::size_t end = at;
            while (end < rest.size() && rest[end]->priority == rest[at]->priority)
                ++end;
            priority_tier({rest.begin() + static_cast<std::ptrdiff_t>(at),
                           rest.begin() + static_cast<std::ptrdiff_t>(end)});
            at = end;
        }
        return {head() + (asked_auto_ ? automatic_ : "") + body_ + tail(), std::move(unsupported_)};
    }

  private:
    std::string head() const {
        std::string text =
            "# Made from the policies by bindd; see bindd(8). It is written anew with them: do not "
            "edit.\n";
        for (const std::string& one : unsupported_)
            text += comment("left to the daemon: " + one);
        return text + "ACTION!=\"add\", IMPORT{db}=\"" + kOverrideProperty +
               "\"\n"
               "ACTION!=\"add\", " +
               kEnd + "SUBSYSTEM!=\"pci\", " + kEnd +
               "# Somebody has it already, or has said who shall.\n"
               "DRIVER==\"?*\", " +
               kEnd + "ATTR{driver_override}!=\"(null)\", " + kEnd +
               "# Bridges are never given away, and without an IOMMU group VFIO has no use for a "
               "device.\n"
               "ATTR{class}==\"0x0604*\", " +
               kEnd + "TEST!=\"iommu_group\", " + kEnd;
    }

    static std::string tail() {
        const std::string override_property = std::string("ENV{") + kOverrideProperty + "}";
        return "GOTO=\"bindd_end\"\n\nLABEL=\"bindd_arm\"\n" + override_property +
               "==\"?*\", ATTR{driver_override}=\"$env{" + kOverrideProperty +
               "}\"\nLABEL=\"bindd_end\"\n";
    }

    void add_unsupported(const Rule& rule, const std::string& why) {
        unsupported_.push_back(rule_citation(rule) + ": " + why);
    }

    static std::string unsupported_text(const UdevMatch& match) {
        std::string out;
        for (const std::string& key : match.unsupported())
            out += (out.empty() ? "udev cannot tell " : ", ") + key;
        return out;
    }

    void protect(const Rule& rule) {
        UdevMatch match(host_, next_);
        body_ += "\n" + comment(rule_citation(rule) + " protects");
        const std::string flag = match.write(rule.match, Approximation::kInclude, body_);
        body_ += flag + ", " + kEnd;
        if (!match.unsupported().empty())
            add_unsupported(rule, unsupported_text(match));
    }

    /// Why udev cannot decide this rule, whatever it matches; empty when it can.
    std::string unsupported_reason(const Rule& rule) {
        if (rule.limit)
            return "its limit counts all devices of the host";
        if (rule.driver && rule.driver->kind == DriverAction::ActionKind::kChain &&
            override_value(*rule.driver).empty())
            return "there is no driver of its chain";
        return {};
    }

    void priority_tier(const std::vector<const Rule*>& rules) {
        std::vector<const Rule*> actions;  // one for each different spec
        std::string taken;
        body_ += std::string("\n") + kAsk + "=\"\"\n";
        for (const Rule* rule : rules) {
            UdevMatch match(host_, next_);
            body_ += comment(rule_citation(*rule) + ", priority " + std::to_string(rule->priority));
            const std::string flag = match.write(rule->match, Approximation::kInclude, body_);
            std::string why = unsupported_reason(*rule);
            if (!match.unsupported().empty())
                why += (why.empty() ? "" : "; ") + unsupported_text(match);
            if (!why.empty()) {
                add_unsupported(*rule, why);
                body_ += flag + ", " + kEnd;
                continue;
            }
            const std::string index = action_index(actions, *rule);
            body_ += flag + ", " + kAsk + "==\"\", " + kAsk + "=\"" + index + "\"\n";
            body_ += flag + ", " + kAsk + "!=\"" + index + "\", " + kEnd;
        }
        for (std::size_t at = 0; at < actions.size(); ++at)
            body_ +=
                std::string(kAsk) + "==\"" + std::to_string(at) + "\", " + action(*actions[at]);
    }

    static std::string action_index(std::vector<const Rule*>& actions, const Rule& rule) {
        const auto same = std::find_if(actions.begin(), actions.end(), [&](const Rule* other) {
            return same_action(*other, rule);
        });
        if (same != actions.end())
            return std::to_string(same - actions.begin());
        actions.push_back(&rule);
        return std::to_string(actions.size() - 1);
    }

    std::string action(const Rule& rule) {
        if (!rule.driver || rule.driver->kind == DriverAction::ActionKind::kHost)
            return kEnd;
        const std::string value = rule.driver->kind == DriverAction::ActionKind::kNone
                                      ? "none"
                                      : override_value(*rule.driver);
        return std::string("ENV{") + kOverrideProperty + "}=\"" + value +
               "\", GOTO=\"bindd_arm\"\n";
    }

    /// The name to arm a device with: the driver's, or the module's while only that is known.
    static std::string override_name(const ResolvedCandidate& candidate) {
        return candidate.link.driver.value_or(candidate.link.module.value_or(candidate.module));
    }

    std::string override_value(const DriverAction& spec) {
        for (const Candidate& candidate : spec.chain) {
            if (candidate.kind == Candidate::CandidateKind::kAuto) {
                automatic();
                return "$env{.BINDD_AUTO}";
            }
            const ResolvedCandidate found = resolver_.by_driver(candidate.driver);
            if (found.usable() && is_udev_literal(override_name(found)))
                return override_name(found);
        }
        return {};
    }

    /// What `auto` comes to, least telling first, so that the last line that matches has it.
    void automatic() {
        if (asked_auto_)
            return;
        asked_auto_ = true;
        automatic_ = "\n# auto\n" + std::string(kAuto) + "=\"\"\n";
        if (const auto generic = sysfs::generic_vfio_driver(bus_))
            if (const auto found = resolver_.by_driver(*generic); found.usable())
                automatic_ += std::string(kAuto) + "=\"" + override_name(found) + "\"\n";
        aliases();
        std::vector<const Variant*> variants;
        for (const Variant& variant : set_.variants)
            variants.push_back(&variant);
        std::stable_sort(variants.begin(), variants.end(), [](const Variant* a, const Variant* b) {
            return a->priority > b->priority;
        });
        for (auto at = variants.rbegin(); at != variants.rend(); ++at)
            variant(**at);
    }

    void aliases() {
        std::map<std::string, std::string>
            drivers;  // pattern → the driver; empty when two claim it
        std::vector<std::pair<unsigned, std::string>> order;
        for (const sysfs::ModuleAlias& alias : drivers_.aliases) {
            constexpr std::string_view kPrefix = "vfio_pci:";
            if (!alias.pattern.starts_with(kPrefix) || !is_udev_literal(alias.pattern))
                continue;
            const ResolvedCandidate found = resolver_.by_alias({alias, 0});
            const auto generic = sysfs::generic_vfio_driver(bus_);
            if (!found.usable() || (generic && alias.module == sysfs::normalise_module(*generic)))
                continue;
            const std::string pattern = "pci:" + alias.pattern.substr(kPrefix.size());
            const auto [known, is_new] = drivers.emplace(pattern, override_name(found));
            if (is_new)
                order.emplace_back(sysfs::count_wildcards(alias.pattern), pattern);
            else if (known->second != override_name(found))
                known->second.clear();
        }
        std::stable_sort(order.begin(), order.end(),
                         [](const auto& a, const auto& b) { return a.first > b.first; });
        for (const auto& [wildcards, pattern] : order)
            automatic_ += "ENV{MODALIAS}==\"" + pattern + "\", " + kAuto + "=\"" +
                          drivers.at(pattern) + "\"\n";
    }

    /// The first of its drivers that this kernel has; one that udev cannot tell the devices of
    /// keeps them all back.
    void variant(const Variant& variant) {
        for (const std::string& driver : variant.drivers) {
            const ResolvedCandidate found = resolver_.by_driver(driver);
            if (!found.usable() || !is_udev_literal(override_name(found)))
                continue;
            UdevMatch match(host_, next_);
            automatic_ += comment("variant " + variant.name);
            const std::string flag =
                match.write(variant.match, Approximation::kInclude, automatic_);
            automatic_ += flag + ", " + kAuto + "=\"" +
                          (match.unsupported().empty() ? override_name(found) : "") + "\"\n";
            return;
        }
    }

    const PolicySet& set_;
    const sysfs::Drivers& drivers_;
    const sysfs::Host& host_;
    const std::string bus_ = "pci";
    CandidateResolver resolver_;
    unsigned next_ = 1;
    bool asked_auto_ = false;
    std::string automatic_;
    std::string body_;
    std::vector<std::string> unsupported_;
};

}  // namespace

UdevRules udev_rules(const PolicySet& set, const sysfs::Drivers& drivers, const sysfs::Host& host) {
    return RulesFile(set, drivers, host).write();
}

}  // namespace policy
