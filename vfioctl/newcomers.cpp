// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/newcomers.hpp"

#include <algorithm>
#include <set>

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

/// What is to be done with the VFs of these PFs.
policy::Plan plan_for(World& world, const std::set<std::string>& pfs) {
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
    policy::Plan all = std::move(world.plan);
    if (auto done = execute(session, all, world.warnings, options); !done)
        return propagate(done);
    const std::set<std::string> pfs = pfs_with_new_vfs(all);
    for (int round = 1; !pfs.empty() && round <= kRounds; ++round) {
        auto next = see_and_plan(session);
        if (!next)
            return propagate(next);
        policy::Plan plan = plan_for(*next, pfs);
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
