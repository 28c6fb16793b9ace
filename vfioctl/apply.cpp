// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <ostream>

#include "binding/hotplug_rules.hpp"
#include "policy/early.hpp"
#include "sysfs/boot_switch.hpp"
#include "vfioctl/command.hpp"
#include "vfioctl/execute.hpp"
#include "vfioctl/newcomers.hpp"
#include "vfioctl/options.hpp"
#include "vfioctl/world.hpp"

namespace vfioctl {
namespace {

/// Has the override been written already, by an earlier run?
bool is_armed(const policy::Change& change) {
    if (change.to == policy::Change::To::kNone)
        return change.from_override == "none";
    return std::any_of(change.candidates.begin(), change.candidates.end(),
                       [&](const policy::ChainLink& link) {
                           const auto& name = link.driver ? link.driver : link.module;
                           return name && name == change.from_override;
                       });
}

/// What `--early` leaves of a transaction: the overrides of devices that no driver has. What else there is
/// to do, and whether a whole group can be had, is for the apply that comes when modules are there.
void keep_overrides(policy::Transaction& transaction) {
    std::erase_if(transaction.changes, [](const policy::Change& change) {
        return change.from_driver || change.to == policy::Change::To::kHost || is_armed(change);
    });
    const auto stays = [&](const sysfs::DeviceId& id) {
        return std::any_of(transaction.changes.begin(), transaction.changes.end(),
                           [&](const policy::Change& change) { return change.target.id == id; });
    };
    std::erase_if(transaction.devices, [&](const auto& id) { return !stays(id); });
    std::erase_if(transaction.steps, [&](const policy::Step& step) {
        return step.op != policy::Op::kSetOverride || !stays(step.device);
    });
    // The driver's name is its module's secret, and modules cannot be loaded yet: the module's own will do.
    for (policy::Step& step : transaction.steps)
        if (!step.value)
            step.value = step.module;
}

/// A group is armed as a whole or not at all: what is open for one of its devices is open for those that would
/// be taken along with it.
bool is_undecided(const policy::Transaction& transaction,
                  const std::map<sysfs::DeviceId, std::string>& undecided,
                  std::vector<std::string>& sentences) {
    const std::size_t before = sentences.size();
    for (const policy::Change& change : transaction.changes)
        if (const auto found = undecided.find(change.target.id); found != undecided.end())
            sentences.push_back(found->second);
    return sentences.size() != before;
}

policy::Plan overrides_of(Session& session, World& world) {
    const auto undecided = policy::undecided_early(world.policies, world.decisions, world.inventory);
    policy::Plan plan = std::move(world.plan);
    for (policy::Transaction& transaction : plan.transactions)
        if (transaction.verdict == policy::Verdict::kChange)
            keep_overrides(transaction);
    std::vector<std::string> sentences;
    std::erase_if(plan.transactions, [&](const policy::Transaction& transaction) {
        return transaction.verdict == policy::Verdict::kChange &&
               (transaction.changes.empty() || is_undecided(transaction, undecided, sentences));
    });
    for (const std::string& sentence : sentences)
        warn(session, world, sentence);
    return plan;
}

}  // namespace

Outcome<ExitCode> run_apply(Session& session, const Arguments& arguments) {
    binding::ApplyOptions options;
    const auto timeout = timeout_of(arguments, options.timeout);
    if (!timeout)
        return propagate(timeout);
    options.timeout = *timeout;
    if (auto may = may_write(session, "apply"); !may)
        return propagate(may);
    if (arguments.has("early") && sysfs::is_switched_off(session.options.root)) {
        session.err << "vfioctl: bindd.disable is on the kernel's command line: nothing is touched\n";
        return ExitCode::kDone;
    }
    const auto recovery = recover_first(session, options);
    if (!recovery)
        return propagate(recovery);
    if (session.daemon != nullptr) {
        policy::Plan plan;
        return carry_out_by_daemon(session, {.method = "Apply", .options = timeout_option(options.timeout)}, plan, {});
    }
    auto world = see_and_plan(session, Look::kBrief);
    if (!world)
        return propagate(world);
    append(world->warnings, recovery->notes);
    if (!arguments.has("early"))
        return carry_out_with_newcomers(session, *world, options);
    // Whoever is plugged in from now on is udev's first. Without its rules the daemon has a driver to undo.
    if (const auto left_out = binding::write_hotplug_rules(session.state, world->policies, world->drivers,
                                                           world->inventory.host);
        !left_out)
        warn(session, *world, left_out.error().text());
    options.extent = binding::Extent::kOverrides;
    options.action = "early";
    policy::Plan plan = overrides_of(session, *world);
    const auto ended = carry_out(session, plan, world->warnings, std::move(options));
    // A refusal is no failure of the boot: the apply that comes later says it, and by then may not.
    return ended && *ended == ExitCode::kRefused ? Outcome<ExitCode>(ExitCode::kDone) : ended;
}

}  // namespace vfioctl
