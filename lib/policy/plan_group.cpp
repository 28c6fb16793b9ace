// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan_group.hpp"

#include <algorithm>

#include "policy/as_wanted.hpp"
#include "policy/match.hpp"
#include "sysfs/group.hpp"

/// The kernel lets a group be used when every device of it is unbound or on a driver that leaves
/// DMA alone (kernel.md, "Groups and nodes"). So each device of the group that does not itself go
/// to VFIO is one of: harmless where it is, taken along because a rule of the transaction says so,
/// or in the way. `whole` takes every endpoint that is not VFIO's yet, unbound ones too, so that
/// the group is one owner's; a protected device is never taken and blocks only where it does DMA.
/// Bridges stay.
namespace policy {
namespace {

const char* why_text = "the group would not be viable";

std::string on_driver(const sysfs::Device& device) {
    return device.driver ? "on " + *device.driver : "unbound";
}

class PeerSurvey {
  public:
    PeerSurvey(const Unit& unit, const Decisions& decisions, const sysfs::Inventory& inventory)
        : unit_(unit), decisions_(decisions), inventory_(inventory) {}

    Peers look() {
        const sysfs::Group& group = inventory_.groups.at(*unit_.group);
        for (const sysfs::DeviceId& id : group.devices) {
            const sysfs::Device* device = inventory_.find(id);
            if (device == nullptr)
                continue;
            if (const Member* member = find_member(id))
                look_at_member(*member);
            else
                look_at_other(*device);
        }
        return std::move(peers_);
    }

  private:
    const Member* find_member(const sysfs::DeviceId& id) const {
        for (const Member& member : unit_.members)
            if (member.device->id == id && member.decision->outcome == Outcome::kWanted)
                return &member;
        return nullptr;
    }

    void block(ReasonCode code, const sysfs::Device& device, const std::string& why) {
        peers_.reasons.push_back({code, device.id, std::string(why_text) + ": " + why,
                                  on_driver(device), is_forceable(code)});
    }

    /// A member that its own rule sends elsewhere than to VFIO.
    void look_at_member(const Member& member) {
        if (goes_to_vfio(member))
            return;
        const sysfs::Device& device = *member.device;
        const std::string rule = "rule " + member.rule().name;
        switch (member.rule().driver->kind) {
            case DriverWish::Kind::kNone:
                return;
            case DriverWish::Kind::kHost:
                if (!is_bound_as_wanted(member) || !sysfs::leaves_dma_alone(device))
                    block(ReasonCode::kGroupNotViable, device, rule + " gives it to the host");
                return;
            case DriverWish::Kind::kChain:
                look_at_foreign_chain(member, rule);
                return;
        }
    }

    /// A chain without a VFIO driver: pci-stub does no harm, uio_pci_generic would.
    void look_at_foreign_chain(const Member& member, const std::string& rule) {
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

    const Member* find_taker(const sysfs::Device& peer) const {
        for (const Member& member : unit_.members) {
            if (!goes_to_vfio(member))
                continue;
            const GroupWish& wish = member.rule().group;
            switch (wish.kind) {
                case GroupWish::Kind::kStrict:
                    break;
                case GroupWish::Kind::kWhole:
                    return &member;
                case GroupWish::Kind::kListed:
                    if (std::any_of(
                            wish.listed.begin(), wish.listed.end(),
                            [&](const Match& match) { return matches(match, peer, inventory_); }))
                        return &member;
                    break;
            }
        }
        return nullptr;
    }

    void look_at_other(const sysfs::Device& peer) {
        if (is_with_vfio(peer))
            return;
        const bool harmless = sysfs::leaves_dma_alone(peer);
        if (peer.is_bridge()) {
            if (!harmless)
                block(ReasonCode::kGroupNotViable, peer, "a bridge, which no rule can take along");
            return;
        }
        const Member* taker = find_taker(peer);
        const auto found = decisions_.find(peer.id);
        const Decision* decision = found == decisions_.end() ? nullptr : &found->second;
        const Outcome outcome = decision == nullptr ? Outcome::kUnmanaged : decision->outcome;
        if (outcome == Outcome::kProtected) {
            if (!harmless)
                block(taker == nullptr ? ReasonCode::kGroupNotViable : ReasonCode::kProtected, peer,
                      decision->why);
        } else if (outcome != Outcome::kUnmanaged) {
            if (!harmless)
                block(ReasonCode::kGroupNotViable, peer,
                      "rule " + decision->rule->name + " needs it where it is");
        } else if (taker != nullptr) {
            peers_.taken.push_back({&peer, taker});
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

Peers look_at_peers(const Unit& unit, const Decisions& decisions,
                    const sysfs::Inventory& inventory) {
    if (!unit.group || !inventory.groups.contains(*unit.group) ||
        std::none_of(unit.members.begin(), unit.members.end(), goes_to_vfio))
        return {};
    return PeerSurvey(unit, decisions, inventory).look();
}

}  // namespace policy
