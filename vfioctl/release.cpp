// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/command.hpp"
#include "vfioctl/execute.hpp"
#include "vfioctl/options.hpp"
#include "vfioctl/world.hpp"

namespace vfioctl {

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
    World world;
    auto inventory = session.kernel.inventory({});
    if (!inventory)
        return fail(inventory.error());
    world.inventory = std::move(*inventory);
    const auto ids = devices_of(world, arguments.words);
    if (!ids)
        return propagate(ids);
    auto plan = binding::plan_release(session.kernel, session.state, world.inventory, *ids);
    if (!plan)
        return fail(plan.error());
    if (!dry_run)
        return carry_out(session, *plan, world.warnings, std::move(options));
    print_plan(session, *plan, world.warnings);
    return ExitCode::kDone;
}

}  // namespace vfioctl
