// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/udev/udev_auto.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "policy/udev/udev_match.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/module/aliases.hpp"

namespace policy {
namespace {

constexpr const char* kAuto = "ENV{.BINDD_AUTO}";

class AutoRules {
  public:
    AutoRules(const PolicySet& set, const sysfs::Drivers& drivers, const sysfs::Host& host,
              unsigned& next)
        : set_(set), drivers_(drivers), host_(host), resolver_(bus_, drivers), next_(next) {}

    /// The drivers of `auto`, least specific first: the last matching line wins.
    std::string write() && {
        text_ = "\n# auto\n" + std::string(kAuto) + "=\"\"\n";
        if (const auto generic = sysfs::generic_vfio_driver(bus_))
            if (const auto found = resolver_.by_driver(*generic); found.usable())
                text_ += std::string(kAuto) + "=\"" + override_name(found) + "\"\n";
        aliases();
        std::vector<const Variant*> variants;
        for (const Variant& variant : set_.variants)
            variants.push_back(&variant);
        std::stable_sort(variants.begin(), variants.end(), [](const Variant* a, const Variant* b) {
            return a->priority > b->priority;
        });
        for (auto at = variants.rbegin(); at != variants.rend(); ++at)
            variant(**at);
        return std::move(text_);
    }

  private:
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
            text_ += "ENV{MODALIAS}==\"" + pattern + "\", " + kAuto + "=\"" + drivers.at(pattern) +
                     "\"\n";
    }

    /// The first of its drivers that this kernel has. A variant that udev cannot test clears the
    /// choice.
    void variant(const Variant& variant) {
        for (const std::string& driver : variant.drivers) {
            const ResolvedCandidate found = resolver_.by_driver(driver);
            if (!found.usable() || !is_udev_literal(override_name(found)))
                continue;
            UdevMatch match(host_, next_);
            text_ += udev_comment("variant " + variant.name);
            const std::string flag = match.write(variant.match, Approximation::kInclude, text_);
            text_ += flag + ", " + kAuto + "=\"" +
                     (match.unsupported().empty() ? override_name(found) : "") + "\"\n";
            return;
        }
    }

    const PolicySet& set_;
    const sysfs::Drivers& drivers_;
    const sysfs::Host& host_;
    const std::string bus_ = "pci";
    CandidateResolver resolver_;
    unsigned& next_;
    std::string text_;
};

}  // namespace

std::string udev_auto_rules(const PolicySet& set, const sysfs::Drivers& drivers,
                            const sysfs::Host& host, unsigned& next) {
    return AutoRules(set, drivers, host, next).write();
}

std::string override_name(const ResolvedCandidate& candidate) {
    return candidate.link.driver.value_or(candidate.link.module.value_or(candidate.module));
}

}  // namespace policy
