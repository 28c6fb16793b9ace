// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor/change_check.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "base/try.hpp"
#include "binding/policies/policy_files.hpp"
#include "policy/decide/match.hpp"
#include "policy/plan/refusal_reasons.hpp"
#include "sysfs/device/group.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/device/vfio_drivers.hpp"
#include "sysfs/module/alias_match.hpp"

namespace bindd {
namespace {

using base::Result;
using policy::ChainLink;
using policy::Change;

using ModuleNames = std::set<std::string>;  ///< normalised: a driver's name matches its module's

void add(ModuleNames& names, const std::optional<std::string>& name) {
    if (name)
        names.insert(sysfs::normalise_module(*name));
}

void add(ModuleNames& names, const policy::DriverAction& action) {
    for (const policy::Candidate& candidate : action.chain)
        add(names, candidate.driver);
}

/// What root's files name: a policy may ask for any driver. None of a set with an error.
ModuleNames named_by_policies(const std::vector<std::string>& paths) {
    const policy::PolicySet set = binding::load_policies(paths, binding::MissingPath::kIgnore).set;
    ModuleNames names;
    for (const policy::Variant& variant : set.variants)
        for (const std::string& driver : variant.drivers)
            add(names, driver);
    for (const policy::Rule& rule : set.rules)
        if (rule.driver)
            add(names, *rule.driver);
    return names;
}

/// What the kernel itself would load or bind for the device, by its modalias.
Result<ModuleNames> named_by_aliases(sysfs::Kernel& kernel, const sysfs::DeviceTarget& target) {
    ModuleNames names;
    const auto natives = kernel.modules_for(target.identity.modalias);
    for (const std::string& module : natives.value_or(std::vector<std::string>())) {
        add(names, module);
        add(names, kernel.driver_for(target.id.bus, module).value_or(std::nullopt));
    }
    sysfs::Device device;
    device.id = target.id;
    device.modalias = target.identity.modalias;
    for (const sysfs::AliasMatch& match : sysfs::matching_aliases(TRY(kernel.drivers({})), device))
        add(names, match.alias.module);
    return names;
}

/// Every name that is allowed for a device, read when the first candidate needs it: vfio-pci does
/// not.
class AllowedNames {
  public:
    AllowedNames(sysfs::Kernel& kernel, const std::vector<std::string>& policies,
                 const Change& change, const binding::ManagedDevice* managed)
        : kernel_(kernel), policies_(policies), target_(change.target) {
        add(names_, sysfs::generic_vfio_driver(target_.id.bus));
        if (managed != nullptr) {
            add(names_, managed->driver);
            add(names_, managed->before_driver);
        }
    }

    Result<void> check(const ChainLink& link) {
        if (link.driver && !sysfs::is_vfio_driver(*link.driver))
            TRY(check_name(*link.driver));
        return link.module ? check_name(*link.module) : Result<void>();
    }

  private:
    Result<void> check_name(const std::string& name) {
        const std::string normalised = sysfs::normalise_module(name);
        if (!names_.contains(normalised) && !complete_) {
            names_.merge(TRY(named_by_aliases(kernel_, target_)));
            names_.merge(named_by_policies(policies_));
            complete_ = true;
        }
        if (names_.contains(normalised))
            return {};
        return base::fail(base::Code::kRefused, "check", target_.id.display(),
                          name +
                              " is no VFIO driver, and neither an alias of the kernel nor a "
                              "policy names it for the device",
                          "a rule in /etc/bindd/policies.d may name any driver");
    }

    sysfs::Kernel& kernel_;
    const std::vector<std::string>& policies_;
    const sysfs::DeviceTarget& target_;
    ModuleNames names_;
    bool complete_ = false;
};

/// The device, its PF and its group, with what the rules match.
Result<sysfs::Inventory> look(sysfs::Kernel& kernel, const sysfs::DeviceId& id,
                              const sysfs::ScanOptions& wanted) {
    std::vector<sysfs::DeviceId> ids{id};
    sysfs::Inventory inventory = TRY(kernel.devices(ids, wanted));
    const sysfs::Device* device = inventory.find(id);
    if (device == nullptr || !device->vf)
        return inventory;
    ids.push_back({id.bus, device->vf->pf});
    return kernel.devices(ids, wanted);
}

/// Parsing costs a millisecond, and most hosts protect nothing.
bool mentions_protection(const std::vector<policy::SourceFile>& files) {
    return std::any_of(files.begin(), files.end(), [](const policy::SourceFile& file) {
        return file.text.find("protect") != std::string::npos;
    });
}

/// Does a rule that matches the device, or that has bound it, set this attribute to this value?
bool is_named_by_rule(const policy::DeviceAttribute& attribute, const policy::PolicySet& set,
                      const sysfs::Device& device, const sysfs::Inventory& inventory,
                      const binding::ManagedDevice* managed) {
    return std::any_of(set.rules.begin(), set.rules.end(), [&](const policy::Rule& rule) {
        return std::find(rule.attrs.begin(), rule.attrs.end(), attribute) != rule.attrs.end() &&
               ((managed != nullptr && managed->rule == rule.name) ||
                policy::matches(rule.match, device, inventory));
    });
}

/// A rollback may take a device from the host's driver too: of one that is not ours, or that we
/// gave a native driver.
bool takes_from_host(const Change& change, const binding::ManagedDevice* managed) {
    if (change.to != Change::To::kHost)
        return true;
    return !change.rollback.empty() &&
           (managed == nullptr ||
            (!managed->driver.empty() && !sysfs::is_vfio_driver(managed->driver)));
}

/// No protected device, and no attribute that no policy names for the device. Of a set with an
/// error the rules that could be read count.
Result<void> check_rules(sysfs::Kernel& kernel, const std::vector<std::string>& policies,
                         const Change& change, const binding::ManagedDevice* managed) {
    const auto files = binding::read_policy_files(policies, binding::MissingPath::kIgnore).files;
    const bool may_be_protected = takes_from_host(change, managed) && mentions_protection(files);
    if (!may_be_protected && change.attrs.empty())
        return {};
    const policy::PolicySet set = policy::parse_set(files).set;
    const sysfs::DeviceId& id = change.target.id;
    const sysfs::Inventory inventory = TRY(look(kernel, id, set.required_facts()));
    const sysfs::Device* device = inventory.find(id);
    if (device == nullptr)
        return {};
    for (const policy::Rule& rule : set.rules)
        if (may_be_protected && rule.protect && policy::matches(rule.match, *device, inventory))
            return base::fail(base::Code::kRefused, "check", id.display(),
                              "protected by " + policy::rule_citation(rule));
    for (const policy::DeviceAttribute& each : change.attrs)
        if (!is_named_by_rule(each, set, *device, inventory, managed))
            return base::fail(base::Code::kRefused, "check", id.display(),
                              "no policy sets " + each.first + " of the device to " + each.second);
    return {};
}

/// What neither a rule nor `force` can allow, no honest plan accepts.
Result<void> check_accepted_uses(const Change& change) {
    for (const sysfs::UseKind kind : change.accepted_uses)
        if (!policy::is_forceable(policy::to_reason_code(kind)))
            return base::fail(
                base::Code::kRefused, "check", change.target.id.display(),
                std::string("nobody can allow the use ") + sysfs::use_kind_name(kind));
    return {};
}

}  // namespace

Result<void> check_change(sysfs::Kernel& kernel, const std::vector<std::string>& policies,
                          const Change& change, const binding::ManagedDevice* managed) {
    AllowedNames allowed(kernel, policies, change, managed);
    // A release does what the journal says, whatever the plan shows.
    if (change.to != Change::To::kHost)
        for (const ChainLink& link : change.candidates)
            TRY(allowed.check(link));
    TRY(check_rules(kernel, policies, change, managed));
    return check_accepted_uses(change);
}

}  // namespace bindd
