// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/newcomers.hpp"

#include <algorithm>
#include <set>

#include "binding/urgency.hpp"
#include "vfioctl/execute.hpp"
#include "vfioctl/plan_text.hpp"

namespace vfioctl {
namespace {

using policy::StepResult;
using policy::Transaction;

/// A VF may get its native driver while it is planned for: udev loads the module when the VF appears, and
/// a driver that registers takes what is unbound. Then the plan is made once more, not for ever.
constexpr int kRounds = 3;

/// PFs that have got VFs by this plan.
std::set<std::string> pfs_with_new_vfs(const policy::Plan& plan) {
    std::set<std::string> pfs;
    for (const Transaction& transaction : plan.transactions)
        for (const policy::Step& step : transaction.steps)
            if (step.op == policy::Op::kSetVfs && step.result == StepResult::kDone &&
                step.value != "0")
                pfs.insert(step.device.name);
    return pfs;
}

bool concerns(const Transaction& transaction, const World& world, const std::set<std::string>& pfs) {
    return std::any_of(transaction.devices.begin(), transaction.devices.end(), [&](const auto& id) {
        const sysfs::Device* device = world.inventory.find(id);
        return device != nullptr && device->vf && pfs.contains(device->vf->pf);
    });
}

std::vector<sysfs::DeviceId> vfs_of(const sysfs::Inventory& inventory, const std::set<std::string>& pfs) {
    std::vector<sysfs::DeviceId> vfs;
    for (const std::string& pf : pfs)
        if (const sysfs::Device* device = inventory.find({"pci", pf}); device != nullptr && device->sriov)
            for (const auto& [index, name] : device->sriov->vfs)
                vfs.push_back({"pci", name});
    return vfs;
}

Outcome<void> look_again(Session& session, World& world, const std::vector<sysfs::DeviceId>& devices) {
    auto found = session.kernel.devices(devices, world.policies.wanted());
    if (!found)
        return fail(found.error());
    for (const std::string& warning : found->warnings)
        warn(session, world, warning);
    world.inventory.renew(devices, *std::move(found));
    return {};
}

/// Who else is in the groups of these VFs: a group is planned for as a whole.
std::vector<sysfs::DeviceId> peers_of(const sysfs::Inventory& inventory, const std::vector<sysfs::DeviceId>& vfs) {
    std::set<sysfs::DeviceId> peers;
    for (const sysfs::DeviceId& vf : vfs)
        if (const sysfs::Device* device = inventory.find(vf))
            if (const sysfs::Group* group = inventory.group_of(*device))
                peers.insert(group->devices.begin(), group->devices.end());
    for (const sysfs::DeviceId& vf : vfs)
        peers.erase(vf);
    return {peers.begin(), peers.end()};
}

/// The PFs again, their VFs and who shares a group with one. The rest of the host, its drivers and the policies are as
/// they were a moment ago. The devices that are planned for.
Outcome<std::vector<sysfs::DeviceId>> look_at_newcomers(Session& session, World& world,
                                                        const std::set<std::string>& pfs) {
    std::vector<sysfs::DeviceId> parents;
    for (const std::string& pf : pfs)
        parents.push_back({"pci", pf});
    if (auto seen = look_again(session, world, parents); !seen)
        return propagate(seen);
    auto all = vfs_of(world.inventory, pfs);
    if (auto seen = look_again(session, world, all); !seen)
        return propagate(seen);
    const auto peers = peers_of(world.inventory, all);
    if (!peers.empty())
        if (auto seen = look_again(session, world, peers); !seen)
            return propagate(seen);
    all.insert(all.end(), peers.begin(), peers.end());
    return all;
}

/// What is to be done with the VFs of these PFs. Who has nothing to do with them was planned for before.
policy::Plan plan_for(Session& session, World& world, const std::vector<sysfs::DeviceId>& devices,
                      const std::set<std::string>& pfs) {
    world.decisions = policy::decide(world.policies, world.inventory, world.drivers);
    const std::set<sysfs::DeviceId> planned(devices.begin(), devices.end());
    std::erase_if(world.decisions, [&](const auto& decision) { return !planned.contains(decision.first); });
    make_plan(session, world, UseScan::kLook);
    policy::Plan plan = std::move(world.plan);
    std::erase_if(plan.transactions, [&](const Transaction& transaction) {
        return transaction.verdict == policy::Verdict::kOk || !concerns(transaction, world, pfs);
    });
    return plan;
}

bool changed_meanwhile(const Transaction& transaction) {
    return transaction.result == StepResult::kFailed &&
           transaction.error.find("changed since it was planned") != std::string::npos;
}

/// Of `done` what need not be tried again.
void keep(policy::Plan done, policy::Plan& all) {
    for (Transaction& transaction : done.transactions)
        all.transactions.push_back(std::move(transaction));
}

}  // namespace

Outcome<ExitCode> carry_out_with_newcomers(Session& session, World& world,
                                           const binding::ApplyOptions& options) {
    const binding::Urgency urgent;
    policy::Plan all = std::move(world.plan);
    if (auto done = execute(session, all, world.warnings, options); !done)
        return propagate(done);
    const std::set<std::string> pfs = pfs_with_new_vfs(all);
    for (int round = 1; !pfs.empty() && round <= kRounds; ++round) {
        const auto seen = look_at_newcomers(session, world, pfs);
        if (!seen)
            return propagate(seen);
        policy::Plan plan = plan_for(session, world, *seen, pfs);
        if (auto done = execute(session, plan, world.warnings, options); !done)
            return propagate(done);
        const bool again = round < kRounds && std::any_of(plan.transactions.begin(),
                                                          plan.transactions.end(), changed_meanwhile);
        if (again)
            std::erase_if(plan.transactions, changed_meanwhile);
        keep(std::move(plan), all);
        if (!again)
            break;
    }
    print_plan(session, all, world.warnings);
    return applied_exit(all);
}

}  // namespace vfioctl
