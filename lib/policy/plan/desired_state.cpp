// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/desired_state.hpp"

#include <algorithm>
#include <array>

#include "sysfs/device/group.hpp"
#include "sysfs/device/names.hpp"

namespace policy {
namespace {

/// Drivers that keep a device for user space, or unused: the host does not use it.
bool is_parking_driver(std::string_view driver) {
    constexpr std::array<std::string_view, 3> kParking = {"pci-stub", "uio_pci_generic", "igb_uio"};
    return std::find(kParking.begin(), kParking.end(), driver) != kParking.end();
}

bool has_auto_candidate(const DriverAction& spec) {
    return std::any_of(spec.chain.begin(), spec.chain.end(), [](const Candidate& candidate) {
        return candidate.kind == Candidate::CandidateKind::kAuto;
    });
}

/// A vendor's native driver can provide VFIO itself (nvidia's VFs have vfio-dev/ below them). For
/// `auto` it is as good as any driver of the chain, and unbinding it would break the device.
bool vendor_driver_provides_vfio(const sysfs::Device& device) {
    return device.vfio && device.driver && !sysfs::is_vfio_driver(*device.driver);
}

bool is_on_chain(const sysfs::Device& device, const DriverAction& spec, const Chain& chain) {
    if (!device.driver)
        return false;
    const auto is_current = [&](const ChainLink& link) {
        return is_usable(link) && link.driver == device.driver;
    };
    return std::any_of(chain.links.begin(), chain.links.end(), is_current) ||
           (has_auto_candidate(spec) && vendor_driver_provides_vfio(device));
}

}  // namespace

bool is_bound_to_vfio(const sysfs::Device& device) {
    return device.vfio || (device.driver && sysfs::is_vfio_driver(*device.driver));
}

bool is_on_native_driver(const sysfs::Device& device) {
    return device.driver && !sysfs::is_vfio_driver(*device.driver) &&
           !is_parking_driver(*device.driver);
}

bool override_blocks_native_driver(const sysfs::Device& device) {
    const auto& override_ = device.driver_override;
    return override_ && (*override_ == "none" || sysfs::is_vfio_driver(*override_) ||
                         is_parking_driver(*override_));
}

bool has_desired_driver(const Member& member) {
    const sysfs::Device& device = *member.device;
    const auto& spec = member.rule().driver;
    if (!spec)
        return true;
    switch (spec->kind) {
        case DriverAction::ActionKind::kChain:
            return is_on_chain(device, *spec, member.decision->chain);
        case DriverAction::ActionKind::kNone:
            return !device.driver && (!device.has_override || device.driver_override == "none");
        case DriverAction::ActionKind::kHost:
            // Unbound and not blocked: the host has no driver for the device.
            return !override_blocks_native_driver(device) &&
                   (!device.driver || is_on_native_driver(device));
    }
    return false;
}

bool loses_driver(const Member& member) {
    return member.decision->outcome == DecisionOutcome::kWanted && member.device->driver &&
           !has_desired_driver(member);
}

bool goes_to_vfio(const Member& member) {
    const auto& spec = member.rule().driver;
    if (member.decision->outcome != DecisionOutcome::kWanted || !spec ||
        spec->kind != DriverAction::ActionKind::kChain)
        return false;
    if (has_desired_driver(member))
        return is_bound_to_vfio(*member.device);
    const auto& links = member.decision->chain.links;
    return std::any_of(links.begin(), links.end(),
                       [](const ChainLink& link) { return is_usable(link) && is_vfio_link(link); });
}

std::optional<std::uint32_t> vfs_to_set(const Member& member) {
    const auto& wanted = member.rule().sriov_vfs;
    const auto& sriov = member.device->sriov;
    if (!wanted || (sriov && sriov->enabled == *wanted) || (!sriov && *wanted == 0))
        return std::nullopt;
    return wanted;
}

std::vector<DeviceAttribute> attributes_to_set(const Member& member) {
    const bool moves = !has_desired_driver(member);
    std::vector<DeviceAttribute> out;
    for (const DeviceAttribute& wanted : member.rule().attrs)
        if (attribute_value(member.device->attrs, wanted.first) != wanted.second ||
            (moves && attribute_phase(wanted.first) == AttributePhase::kAfterBind))
            out.push_back(wanted);
    return out;
}

namespace {

/// A name that this host does not have equals no id; the step that sets it reports that.
bool is_id(const std::string& wanted, const std::map<std::string, std::uint32_t>& known,
           const std::optional<std::uint32_t>& now) {
    if (const auto number = base::parse_decimal(wanted))
        return now == *number;
    const auto found = known.find(wanted);
    return found != known.end() && now == found->second;
}

bool allows(const std::optional<sysfs::NodeAccess>& now, const AccessSpec& wanted,
            const sysfs::Host& host) {
    if (!now)
        return true;
    return (!wanted.owner || is_id(*wanted.owner, host.users, now->uid)) &&
           (!wanted.group || is_id(*wanted.group, host.groups, now->gid)) &&
           (!wanted.mode || now->mode == wanted.mode);
}

}  // namespace

bool has_desired_access(const Member& member, const sysfs::Host& host, GroupNodeCheck group_node) {
    const AccessSpec& wanted = member.rule().access;
    const auto& nodes = member.device->vfio;
    if (!nodes || wanted == AccessSpec{})
        return true;
    return allows(nodes->cdev_access, wanted, host) &&
           (group_node == GroupNodeCheck::kIgnored || allows(nodes->group_access, wanted, host));
}

}  // namespace policy
