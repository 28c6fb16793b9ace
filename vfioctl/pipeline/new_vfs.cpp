// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pipeline/new_vfs.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "binding/worker/worker.hpp"
#include "sysfs/device/sriov.hpp"
#include "vfioctl/pipeline/plan_execution.hpp"
#include "vfioctl/render/plan_text.hpp"

namespace vfioctl {
namespace {

using policy::StepResult;
using policy::Transaction;

/// A VF may get its native driver during planning: udev loads the module when the VF appears, and a
/// driver that registers binds unbound devices. Then the plan is made again, a limited number of
/// times.
constexpr int kMaxRounds = 3;

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

bool concerns(const Transaction& transaction, const HostAssessment& assessment,
              const std::set<std::string>& pfs) {
    return std::any_of(transaction.devices.begin(), transaction.devices.end(), [&](const auto& id) {
        const sysfs::Device* device = assessment.inventory.find(id);
        return device != nullptr && device->vf && pfs.contains(device->vf->pf);
    });
}

std::vector<sysfs::DeviceId> list_vfs(const sysfs::Inventory& inventory,
                                      const std::set<std::string>& pfs) {
    std::vector<sysfs::DeviceId> vfs;
    for (const std::string& pf : pfs)
        if (const sysfs::Device* device = inventory.find({"pci", pf}); device != nullptr)
            std::ranges::copy(sysfs::vf_ids(*device), std::back_inserter(vfs));
    return vfs;
}

CliResult<void> rescan(CliContext& cli, HostAssessment& assessment,
                       const std::vector<sysfs::DeviceId>& devices) {
    auto found = TRY(to_cli(cli.kernel.devices(devices, assessment.policies.required_facts())));
    for (const std::string& warning : found.warnings)
        warn(cli, assessment, warning);
    assessment.inventory.update(devices, std::move(found));
    load_bound_rules(cli, assessment);
    return {};
}

/// Who else is in the groups of these VFs: a group is planned for as a whole.
std::vector<sysfs::DeviceId> list_group_peers(const sysfs::Inventory& inventory,
                                              const std::vector<sysfs::DeviceId>& vfs) {
    std::set<sysfs::DeviceId> peers;
    for (const sysfs::DeviceId& vf : vfs)
        if (const sysfs::Device* device = inventory.find(vf))
            if (const sysfs::Group* group = inventory.find_group(*device))
                peers.insert(group->devices.begin(), group->devices.end());
    for (const sysfs::DeviceId& vf : vfs)
        peers.erase(vf);
    return {peers.begin(), peers.end()};
}

/// The PFs again, their VFs and who shares a group with one. The rest of the host, its drivers and
/// the policies are as they were a moment ago. The devices that are planned for.
CliResult<std::vector<sysfs::DeviceId>> rescan_new_vfs(CliContext& cli, HostAssessment& assessment,
                                                       const std::set<std::string>& pfs) {
    std::vector<sysfs::DeviceId> parents;
    for (const std::string& pf : pfs)
        parents.push_back({"pci", pf});
    TRY(rescan(cli, assessment, parents));
    auto all = list_vfs(assessment.inventory, pfs);
    TRY(rescan(cli, assessment, all));
    const auto peers = list_group_peers(assessment.inventory, all);
    if (!peers.empty())
        TRY(rescan(cli, assessment, peers));
    all.insert(all.end(), peers.begin(), peers.end());
    return all;
}

/// The plan for the VFs of these PFs. All other devices have been planned for before.
policy::Plan plan_new_vfs(CliContext& cli, HostAssessment& assessment,
                          const std::vector<sysfs::DeviceId>& devices,
                          const std::set<std::string>& pfs) {
    assessment.decide();
    const std::set<sysfs::DeviceId> planned(devices.begin(), devices.end());
    std::erase_if(assessment.decisions,
                  [&](const auto& decision) { return !planned.contains(decision.first); });
    make_plan(cli, assessment, UsageScan::kScan);
    policy::Plan plan = assessment.take_plan();
    std::erase_if(plan.transactions, [&](const Transaction& transaction) {
        return transaction.verdict == policy::Verdict::kOk ||
               !concerns(transaction, assessment, pfs);
    });
    return plan;
}

bool changed_meanwhile(const Transaction& transaction) {
    return transaction.error_code == base::Code::kStale;
}

/// Of `done` what need not be tried again.
void append_transactions(policy::Plan done, policy::Plan& all) {
    for (Transaction& transaction : done.transactions)
        all.transactions.push_back(std::move(transaction));
}

}  // namespace

CliResult<ExitCode> execute_with_new_vfs(CliContext& cli, HostAssessment& assessment,
                                         const binding::ApplyOptions& options) {
    const binding::ScopedPriority urgent;
    policy::Plan all = assessment.take_plan();
    TRY(execute(cli, all, assessment.warnings, options));
    const std::set<std::string> pfs = pfs_with_new_vfs(all);
    for (int round = 1; !pfs.empty() && round <= kMaxRounds; ++round) {
        const auto seen = TRY(rescan_new_vfs(cli, assessment, pfs));
        policy::Plan plan = plan_new_vfs(cli, assessment, seen, pfs);
        TRY(execute(cli, plan, assessment.warnings, options));
        const bool again =
            round < kMaxRounds &&
            std::any_of(plan.transactions.begin(), plan.transactions.end(), changed_meanwhile);
        if (again)
            std::erase_if(plan.transactions, changed_meanwhile);
        append_transactions(std::move(plan), all);
        if (!again)
            break;
    }
    print_plan(cli, all, assessment.warnings);
    return applied_exit(all);
}

}  // namespace vfioctl
