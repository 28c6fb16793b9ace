// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/plan.hpp"

#include <algorithm>
#include <iterator>

#include "policy/plan/attribute_reasons.hpp"
#include "policy/plan/desired_state.hpp"
#include "policy/plan/driver_children.hpp"
#include "policy/plan/plan_context.hpp"
#include "policy/plan/plan_group.hpp"
#include "policy/plan/plan_mdevs.hpp"
#include "policy/plan/plan_steps.hpp"
#include "policy/plan/refusal_reasons.hpp"
#include "policy/plan/sriov_reasons.hpp"
#include "sysfs/device/sriov.hpp"

/// From decisions to transactions. A unit is the members of one IOMMU group, or a single device. It
/// is planned in three passes: each member, the rest of the group, and the users of every device
/// that changes its driver. One reason refuses the whole unit; a conflict leaves it unchanged.
namespace policy {
namespace {

Change start_change(const sysfs::Device& device, const Rule& rule) {
    Change change;
    change.target = {device.id, device.identity()};
    change.from_driver = device.driver;
    change.from_override = device.driver_override;
    change.access = rule.access;
    change.rule = rule.name;
    change.where = rule.where.text();
    return change;
}

class UnitPlanner {
  public:
    UnitPlanner(const Unit& unit, const PlanContext& context) : unit_(unit), context_(context) {}

    Transaction plan() {
        transaction_.group = unit_.group;
        if (unit_.lives_through != nullptr) {
            reasons().push_back(lives_through_reason(unit_, context_.decisions));
        } else if (!find_conflicts()) {
            for (const Member& member : unit_.members)
                plan_member(member);
            plan_peers();
            for (const sysfs::Device* peer :
                 peers_to_return(unit_, context_.decisions, context_.inventory))
                return_peer(*peer, unit_.members.front().rule());
        }
        remove_duplicates(transaction_.reasons);
        finish();
        return std::move(transaction_);
    }

  private:
    std::vector<Reason>& reasons() { return transaction_.reasons; }

    void conflict(const sysfs::DeviceId& device, const std::string& why) {
        transaction_.verdict = Verdict::kConflict;
        reasons().push_back(make_reason(ReasonCode::kAmbiguous, device, why));
    }

    bool find_conflicts() {
        for (const Member& member : unit_.members)
            if (member.decision->outcome == DecisionOutcome::kConflict)
                conflict(member.device->id, member.decision->why);
        return transaction_.verdict == Verdict::kConflict;
    }

    void plan_member(const Member& member) {
        const sysfs::Device& device = *member.device;
        if (member.decision->outcome == DecisionOutcome::kProtected) {
            reasons().push_back(
                make_reason(ReasonCode::kProtected, device.id, member.decision->why));
            return;
        }
        const Rule& rule = member.rule();
        const bool moves = !has_desired_driver(member);
        Change change = start_change(device, rule);
        change.accepted_uses = accepted_uses(rule, context_.forced);
        if (moves) {
            change.to = rule.driver->kind;
            change.candidates =
                fitting_candidates(device, member.decision->chain, rule, context_, reasons());
            change.check = rule.check;
            add_move_reasons(device, member.decision->chain, rule, change);
        } else if (has_desired_access(member, context_.inventory.host, group_node_check(member))) {
            change.access = {};
        }
        change.attrs = attributes_to_set(member);
        add_attribute_reasons(
            device, change.attrs,
            device.driver && !moves ? DriverDuringWrite::kPresent : DriverDuringWrite::kNone,
            context_.inventory.host, reasons());
        change.set_vfs = vfs_to_set(member);
        if (change.set_vfs)
            plan_vfs(device, rule, *change.set_vfs);
        MissingMdevs mdevs = find_missing_mdevs(member, context_.inventory);
        change.mdevs = std::move(mdevs.missing);
        for (const MdevSpec& lost : mdevs.lost) {
            add_use_reasons({"mdev", *lost.uuid}, rule, context_, reasons());
            transaction_.notes.push_back("mdev/" + *lost.uuid + " " + kLostDriver);
        }
        change.mdevs_to_stop = std::move(mdevs.lost);
        std::move(mdevs.reasons.begin(), mdevs.reasons.end(), std::back_inserter(reasons()));
        note_foreign_override(member, moves);
        if (moves || change.set_vfs || !change.attrs.empty() || !change.mdevs.empty() ||
            change.access != AccessSpec{})
            transaction_.changes.push_back(std::move(change));
    }

    /// The host's own driver may be named by somebody's override (driverctl), which stays.
    void note_foreign_override(const Member& member, bool moves) {
        const sysfs::Device& device = *member.device;
        if (!moves && device.driver_override && member.rule().driver &&
            member.rule().driver->kind == DriverAction::ActionKind::kHost)
            transaction_.notes.push_back(device.id.display() + " keeps the override " +
                                         *device.driver_override + ", which bindd has not set");
    }

    /// The access of the last member that has any applies to the group's node.
    [[nodiscard]] GroupNodeCheck group_node_check(const Member& member) const {
        const auto has_access = [](const Member& other) {
            return other.decision->outcome == DecisionOutcome::kWanted && other.device->vfio &&
                   other.rule().access != AccessSpec{};
        };
        const auto last = std::find_if(unit_.members.rbegin(), unit_.members.rend(), has_access);
        return last != unit_.members.rend() && last->device == member.device
                   ? GroupNodeCheck::kIncluded
                   : GroupNodeCheck::kIgnored;
    }

    /// The reasons against giving the device another driver, or none.
    void add_move_reasons(const sysfs::Device& device, const Chain& chain, const Rule& rule,
                          const Change& change) {
        switch (change.to) {
            case Change::To::kChain:
                if (has_lost_driver(device))
                    reasons().push_back(make_reason(ReasonCode::kNoDriver, device.id, kLostDriver));
                else
                    add_kernel_reasons(device, chain, context_.inventory.host, reasons());
                add_dead_device(device, rule, context_, reasons());
                add_vfs_in_use(device, reasons());
                break;
            case Change::To::kNone:
                add_vfs_in_use(device, reasons());
                break;
            case Change::To::kHost:
                // Clearing an override does not disturb the native driver.
                if (is_on_native_driver(device))
                    return;
                add_vfs_in_use(device, reasons());
                break;
        }
        if (disturbs_users(device, change.to))
            add_use_reasons(device.id, rule, context_, reasons());
    }

    void plan_vfs(const sysfs::Device& pf, const Rule& rule, std::uint32_t count) {
        add_sriov_reasons(pf, count, rule, context_, reasons());
    }

    void plan_peers() {
        const Peers peers = check_peers(unit_, context_.decisions, context_.inventory);
        // No change: a peer that appeared later is shown by `groups`.
        if (transaction_.changes.empty() && peers.included.empty() && reasons().empty())
            return;
        for (const IncludedPeer& peer : peers.included)
            include_peer(*peer.device, peer.included_by->rule());
        std::copy(peers.reasons.begin(), peers.reasons.end(), std::back_inserter(reasons()));
        std::copy(peers.notes.begin(), peers.notes.end(), std::back_inserter(transaction_.notes));
    }

    void include_peer(const sysfs::Device& peer, const Rule& rule) {
        const DriverAction automatic{.kind = DriverAction::ActionKind::kChain,
                                     .chain = {Candidate{}}};
        const Chain chain = driver_chain(automatic, rule.name, peer, context_.set.variants,
                                         context_.inventory, context_.drivers);
        if (chain.ambiguous) {
            conflict(peer.id,
                     "a peer for which two drivers are equally good, and no variant ranks "
                     "them");
            return;
        }
        Change change = start_change(peer, rule);
        change.candidates = chain.usable();
        change.taken_along = true;
        change.accepted_uses = accepted_uses(rule, context_.forced);
        add_move_reasons(peer, chain, rule, change);
        transaction_.changes.push_back(std::move(change));
    }

    /// It was taken along, and the rule that did so has become another.
    void return_peer(const sysfs::Device& peer, const Rule& rule) {
        Change change = start_change(peer, rule);
        change.to = Change::To::kHost;
        change.access = {};
        change.taken_along = true;
        change.accepted_uses = accepted_uses(rule, context_.forced);
        add_move_reasons(peer, {}, rule, change);
        // The firmware's memory is in the way of VFIO alone.
        std::erase_if(reasons(), [&](const Reason& reason) {
            return reason.code == ReasonCode::kFirmwareMemory && reason.device == peer.id;
        });
        transaction_.changes.push_back(std::move(change));
    }

    void finish() {
        auto& changes = transaction_.changes;
        std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
            return device_less(a.target.id, b.target.id);
        });
        if (transaction_.verdict != Verdict::kConflict)
            transaction_.verdict = !reasons().empty() ? Verdict::kRefused
                                   : changes.empty()  ? Verdict::kOk
                                                      : Verdict::kChange;
        if (transaction_.verdict == Verdict::kChange) {
            for (const Change& change : changes)
                transaction_.devices.push_back(change.target.id);
            transaction_.steps = make_steps(changes, context_.inventory);
            return;
        }
        changes.clear();
        for (const Member& member : unit_.members)
            transaction_.devices.push_back(member.device->id);
    }

    const Unit& unit_;
    const PlanContext& context_;
    Transaction transaction_;
};

bool is_undecided(const Member& member) {
    return member.decision->outcome != DecisionOutcome::kWanted;
}

/// The devices of one unit whose users would be disturbed.
void collect_changing_driver(const Unit& unit, const Decisions& decisions,
                             const sysfs::Inventory& inventory, std::vector<sysfs::DeviceId>& out) {
    for (const Member& member : unit.members) {
        const sysfs::Device& device = *member.device;
        if (!has_desired_driver(member) && disturbs_users(device, member.rule().driver->kind))
            out.push_back(device.id);
        for (const MdevSpec& lost : find_missing_mdevs(member, inventory).lost)
            out.push_back({"mdev", *lost.uuid});
        if (vfs_to_set(member))
            std::ranges::copy(sysfs::vf_ids(device), std::back_inserter(out));
    }
    for (const IncludedPeer& peer : check_peers(unit, decisions, inventory).included)
        out.push_back(peer.device->id);
    for (const sysfs::Device* peer : peers_to_return(unit, decisions, inventory))
        out.push_back(peer->id);
}

}  // namespace

std::vector<sysfs::DeviceId> devices_changing_driver(const Decisions& decisions,
                                                     const sysfs::Inventory& inventory) {
    std::vector<sysfs::DeviceId> out;
    for (const Unit& unit : collect_units(decisions, inventory)) {
        // A unit with a member in conflict, or protected, changes nothing.
        if (unit.lives_through == nullptr &&
            std::none_of(unit.members.begin(), unit.members.end(), is_undecided))
            collect_changing_driver(unit, decisions, inventory, out);
    }
    std::sort(out.begin(), out.end(), device_less);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

Plan make_plan(const PolicySet& set, const Decisions& decisions, const sysfs::Inventory& inventory,
               const sysfs::Drivers& drivers, const sysfs::Usage& usage,
               const ForcedReasons& forced) {
    const PlanContext context{set, decisions, inventory, drivers, usage, forced};
    Plan plan;
    for (const Unit& unit : collect_units(decisions, inventory))
        plan.transactions.push_back(UnitPlanner(unit, context).plan());
    return plan;
}

}  // namespace policy
