// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/decide/candidate_resolver.hpp"

#include <algorithm>

#include "sysfs/device/names.hpp"

/// A driver and its module have two names, and only a registered driver shows both. So a candidate
/// that a person names is a driver: it is searched among the registered drivers and then as a
/// module of the same (normalised) name, since modprobe could load that. People write the module's
/// or its file's name as well ("vfio_pci", "nvgrace-gpu-vfio-pci"): that is its driver. A candidate
/// that an alias names is a module, whose driver is known once it is loaded.
namespace policy {
namespace {

using sysfs::ModuleState;

void set_usable(ResolvedCandidate& candidate, std::string why) {
    candidate.link.status = CandidateStatus::kFallback;
    candidate.link.why = std::move(why);
}

}  // namespace

bool same_candidate(const ResolvedCandidate& a, const ResolvedCandidate& b) {
    if (a.link.driver && b.link.driver)
        return *a.link.driver == *b.link.driver;
    return !a.module.empty() && a.module == b.module;
}

ResolvedCandidate CandidateResolver::by_driver(const std::string& name) const {
    const std::string driver = find_named(name);
    const std::string spelling = driver == name ? "" : ", which '" + name + "' stands for";
    ResolvedCandidate candidate;
    candidate.link.driver = driver;
    candidate.module = sysfs::normalise_module(driver);
    if (drivers_.is_registered(bus_, driver)) {
        const std::string& module = drivers_.registered.at(bus_).at(driver);
        if (!module.empty())
            candidate.module = module;
        set_usable(candidate, "is registered" + spelling);
        return candidate;
    }
    resolve_module(candidate, "this kernel has no driver " + driver);
    candidate.link.why += spelling;
    return candidate;
}

ResolvedCandidate CandidateResolver::by_alias(const sysfs::AliasMatch& match) const {
    ResolvedCandidate candidate;
    candidate.module = match.alias.module;
    candidate.link.origin = CandidateOrigin::kAlias;
    candidate.link.from = "alias " + match.alias.pattern;
    candidate.wildcards = match.wildcards;
    if (const auto driver = find_driver(candidate.module)) {
        candidate.link.driver = driver;
        set_usable(candidate, "is registered");
    } else {
        resolve_module(candidate, "this kernel has no module " + candidate.module);
    }
    return candidate;
}

/// A built-in driver has no module in sysfs; then only the equal name identifies it.
std::optional<std::string> CandidateResolver::find_driver(const std::string& module) const {
    if (auto driver = drivers_.driver_for(bus_, module))
        return driver;
    const auto bus = drivers_.registered.find(bus_);
    if (bus == drivers_.registered.end())
        return std::nullopt;
    for (const auto& [driver, owner] : bus->second)
        if (owner.empty() && sysfs::normalise_module(driver) == module)
            return driver;
    return std::nullopt;
}

/// A driver that is not registered comes with its module, if this kernel has one to load. A module
/// registers its drivers before its state is "live" (do_init_module()), on whichever bus they are.
void CandidateResolver::resolve_module(ResolvedCandidate& candidate,
                                       const std::string& missing) const {
    switch (drivers_.module_state(candidate.module)) {
        case ModuleState::kMissing:
            candidate.link.why = missing;
            return;
        case ModuleState::kDenied:
            candidate.link.why = "the module " + candidate.module +
                                 " is denied by modprobe's configuration or the command line";
            return;
        case ModuleState::kLoaded:
            candidate.link.why = "the module " + candidate.module +
                                 " is loaded and has no such driver on the bus " + bus_;
            return;
        case ModuleState::kAvailable:
        case ModuleState::kBuiltin:
            break;
    }
    candidate.link.module = candidate.module;
    set_usable(candidate, "comes with the module " + candidate.module);
}

/// The driver that a name stands for: the driver of that name, else the one of a module of that
/// name, else the same name with '-' and '_' exchanged. Of a variant whose module is not loaded the
/// kernel's own ones tell: their drivers are KBUILD_MODNAME, which has no '-'.
std::string CandidateResolver::find_named(const std::string& name) const {
    if (drivers_.is_registered(bus_, name))
        return name;
    const std::string module = sysfs::normalise_module(name);
    if (auto driver = find_driver(module))
        return *driver;
    if (const auto bus = drivers_.registered.find(bus_); bus != drivers_.registered.end())
        for (const auto& [driver, owner] : bus->second)
            if (sysfs::normalise_module(driver) == module)
                return driver;
    const auto generic = sysfs::generic_vfio_driver(bus_);
    if (generic && sysfs::normalise_module(*generic) == module)
        return *generic;
    const bool variant =
        std::any_of(drivers_.aliases.begin(), drivers_.aliases.end(),
                    [&](const sysfs::ModuleAlias& alias) { return alias.module == module; });
    return variant ? module : name;
}

}  // namespace policy
