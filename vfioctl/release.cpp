// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/journal.hpp"
#include "vfioctl/command.hpp"
#include "vfioctl/execute.hpp"
#include "vfioctl/options.hpp"
#include "vfioctl/world.hpp"

namespace vfioctl {
namespace {

/// What was only in flight is released by its recovery; nothing is left to plan for it.
Outcome<void> leave_recovered(const Session& session, const binding::Recovery& recovery,
                              std::vector<sysfs::DeviceId>& ids) {
    for (const sysfs::DeviceId& id : ids)
        if (const auto owed = recovery.owed.find(id); owed != recovery.owed.end())
            return fail(ExitCode::kTimedOut, id.display() + ": release",
                        "an interrupted transaction could not be undone yet: " + owed->second,
                        "once its holder has let go, release it again");
    if (recovery.undone.empty())
        return {};
    const auto ledger = binding::read_ledger(session.state);
    if (!ledger)
        return fail(ledger.error());
    std::erase_if(ids, [&](const sysfs::DeviceId& id) {
        return recovery.undone.contains(id) && !ledger->bound.contains(id);
    });
    return {};
}

}  // namespace

Outcome<ExitCode> run_release(Session& session, const Arguments& arguments) {
    binding::ApplyOptions options;
    const auto timeout = timeout_of(arguments, options.timeout);
    if (!timeout)
        return propagate(timeout);
    options.timeout = *timeout;
    options.action = "release";
    const bool dry_run = arguments.has("dry-run");
    if (!dry_run)
        if (auto may = may_write(session, "release"); !may)
            return propagate(may);
    const auto recovery =
        dry_run ? Outcome<binding::Recovery>() : recover_first(session, options);
    if (!recovery)
        return propagate(recovery);
    World world;
    append(world.warnings, recovery->notes);
    auto inventory = session.kernel.inventory({});
    if (!inventory)
        return fail(inventory.error());
    world.inventory = std::move(*inventory);
    auto ids = devices_of(world, arguments.words);
    if (!ids)
        return propagate(ids);
    if (auto left = leave_recovered(session, *recovery, *ids); !left)
        return propagate(left);
    if (session.daemon != nullptr && !dry_run) {
        const auto paths = bus_paths(session, *ids);
        if (!paths)
            return propagate(paths);
        policy::Plan done;
        return carry_out_by_daemon(
            session, {.method = "Release", .paths = *paths, .options = timeout_option(options.timeout)}, done, {});
    }
    auto plan = binding::plan_release(session.kernel, session.state, world.inventory, *ids);
    if (!plan)
        return fail(plan.error());
    if (!dry_run)
        return carry_out(session, *plan, world.warnings, std::move(options));
    print_plan(session, *plan, world.warnings);
    return ExitCode::kDone;
}

}  // namespace vfioctl
