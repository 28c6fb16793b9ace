// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/plan_group.hpp"

#include <algorithm>

#include "policy/decide/match.hpp"
#include "policy/plan/desired_state.hpp"
#include "policy/plan/driver_children.hpp"
#include "policy/plan/refusal_reasons.hpp"
#include "sysfs/device/group.hpp"

/// A group is viable when every device of it is unbound or on a driver that leaves DMA alone
/// (Documentation/driver-api/vfio.rst). So each device of the group that does not go to VFIO itself
/// is one of: harmless where it is, included because a rule of the transaction says so, or a
/// blocker. `whole` includes every endpoint that is not on VFIO yet, unbound ones too, so that the
/// group has one owner. A protected device is never included and blocks only when it does DMA.
/// Bridges keep their driver, and an unbound host or ISA bridge (header type 0) is left alone. What
/// lives through the driver of a member is no peer: it ends with it.
namespace policy {
namespace {

std::string on_driver(const sysfs::Device& device) {
    return device.driver ? "on " + *device.driver : "unbound";
}

class PeerCheck {
  public:
    PeerCheck(const Unit& unit, const Decisions& decisions, const sysfs::Inventory& inventory)
        : unit_(unit), decisions_(decisions), inventory_(inventory) {}

    Peers check() {
        const sysfs::Group& group = inventory_.groups.at(*unit_.group);
        for (const sysfs::DeviceId& id : group.devices) {
            const sysfs::Device* device = inventory_.find(id);
            if (device == nullptr)
                continue;
            if (const Member* member = find_member(id))
                check_member(*member);
            else
                check_peer(*device);
        }
        return std::move(peers_);
    }

  private:
    const Member* find_member(const sysfs::DeviceId& id) const {
        for (const Member& member : unit_.members)
            if (member.device->id == id && member.decision->outcome == DecisionOutcome::kWanted)
                return &member;
        return nullptr;
    }

    void block(ReasonCode code, const sysfs::Device& device, const std::string& why) {
        peers_.reasons.push_back(make_reason(
            code, device.id, "the group would not be viable: " + why, on_driver(device)));
    }

    /// A member whose own rule does not bind it to VFIO.
    void check_member(const Member& member) {
        if (goes_to_vfio(member))
            return;
        const sysfs::Device& device = *member.device;
        const std::string rule = "rule " + member.rule().name;
        switch (member.rule().driver->kind) {
            case DriverAction::ActionKind::kNone:
                return;
            case DriverAction::ActionKind::kHost:
                if (!has_desired_driver(member) || !sysfs::leaves_dma_alone(device))
                    block(ReasonCode::kGroupNotViable, device, rule + " gives it to the host");
                return;
            case DriverAction::ActionKind::kChain:
                check_non_vfio_chain(member, rule);
                return;
        }
    }

    /// A chain without a VFIO driver: pci-stub is harmless, uio_pci_generic is not.
    void check_non_vfio_chain(const Member& member, const std::string& rule) {
        for (const ChainLink& link : member.decision->chain.usable()) {
            sysfs::Device there = *member.device;
            there.driver = link.driver;
            there.vfio.reset();
            if (!sysfs::leaves_dma_alone(there)) {
                block(ReasonCode::kGroupNotViable, *member.device,
                      rule + " puts it on " + link.driver.value_or("a driver"));
                return;
            }
        }
    }

    const Member* find_including_member(const sysfs::Device& peer) const {
        for (const Member& member : unit_.members) {
            if (!goes_to_vfio(member))
                continue;
            const GroupSelection& spec = member.rule().group;
            switch (spec.kind) {
                case GroupSelection::SelectionKind::kStrict:
                    break;
                case GroupSelection::SelectionKind::kWhole:
                    return &member;
                case GroupSelection::SelectionKind::kListed:
                    if (std::any_of(
                            spec.listed.begin(), spec.listed.end(),
                            [&](const Match& match) { return matches(match, peer, inventory_); }))
                        return &member;
                    break;
            }
        }
        return nullptr;
    }

    bool ends_with_member(const sysfs::Device& peer) const {
        const sysfs::Device* parent = driver_parent(peer, inventory_);
        return parent != nullptr &&
               std::any_of(unit_.members.begin(), unit_.members.end(), [&](const Member& member) {
                   return member.device == parent && loses_driver(member);
               });
    }

    /// Whether VFIO's owner has it or nobody makes no difference, and it has no use in a guest.
    bool is_left_alone(const sysfs::Device& peer, const Member* included_by) {
        constexpr std::uint32_t kBridgeClass = 0x06;
        if (included_by == nullptr || peer.driver || !peer.ids.class_code ||
            *peer.ids.class_code >> 16 != kBridgeClass ||
            included_by->rule().group.kind != GroupSelection::SelectionKind::kWhole)
            return false;
        peers_.notes.push_back(peer.id.display() + " is left alone: a bridge without a driver");
        return true;
    }

    void check_peer(const sysfs::Device& peer) {
        if (is_bound_to_vfio(peer) || ends_with_member(peer))
            return;
        const bool harmless = sysfs::leaves_dma_alone(peer);
        if (peer.is_bridge()) {
            if (!harmless)
                block(ReasonCode::kGroupNotViable, peer, "a bridge, which no rule can take along");
            return;
        }
        const Member* included_by = find_including_member(peer);
        const Decision* decision = find_decision(decisions_, peer.id);
        const DecisionOutcome outcome =
            decision == nullptr ? DecisionOutcome::kUnmanaged : decision->outcome;
        if (outcome == DecisionOutcome::kProtected) {
            if (!harmless)
                block(included_by == nullptr ? ReasonCode::kGroupNotViable : ReasonCode::kProtected,
                      peer, decision->why);
        } else if (outcome != DecisionOutcome::kUnmanaged) {
            if (!harmless)
                block(ReasonCode::kGroupNotViable, peer,
                      "rule " + decision->rule->name + " needs it where it is");
        } else if (is_left_alone(peer, included_by)) {
            return;
        } else if (included_by != nullptr) {
            peers_.included.push_back({&peer, included_by});
        } else if (!harmless) {
            block(ReasonCode::kGroupNotViable, peer, "it does DMA for the host");
        }
    }

    const Unit& unit_;
    const Decisions& decisions_;
    const sysfs::Inventory& inventory_;
    Peers peers_;
};

}  // namespace

std::vector<const sysfs::Device*> peers_to_return(const Unit& unit, const Decisions& decisions,
                                                  const sysfs::Inventory& inventory) {
    std::vector<const sysfs::Device*> peers;
    if (!unit.group || !inventory.groups.contains(*unit.group) ||
        std::any_of(unit.members.begin(), unit.members.end(), goes_to_vfio))
        return peers;
    for (const sysfs::DeviceId& id : inventory.groups.at(*unit.group).devices) {
        const sysfs::Device* device = inventory.find(id);
        const Decision* decision = find_decision(decisions, id);
        if (device != nullptr && decision != nullptr && decision->taken_along &&
            decision->outcome == DecisionOutcome::kUnmanaged &&
            (is_bound_to_vfio(*device) || override_blocks_native_driver(*device)))
            peers.push_back(device);
    }
    return peers;
}

Peers check_peers(const Unit& unit, const Decisions& decisions, const sysfs::Inventory& inventory) {
    if (!unit.group || !inventory.groups.contains(*unit.group) ||
        std::none_of(unit.members.begin(), unit.members.end(), goes_to_vfio))
        return {};
    return PeerCheck(unit, decisions, inventory).check();
}

}  // namespace policy
