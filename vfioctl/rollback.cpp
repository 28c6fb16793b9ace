// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/command.hpp"
#include "vfioctl/execute.hpp"
#include "vfioctl/options.hpp"
#include "vfioctl/world.hpp"

namespace vfioctl {

Outcome<ExitCode> run_rollback(Session& session, const Arguments& arguments) {
    binding::ApplyOptions options;
    const auto timeout = timeout_of(arguments, options.timeout);
    if (!timeout)
        return propagate(timeout);
    options.timeout = *timeout;
    options.action = "rollback";
    const bool dry_run = arguments.has("dry-run");
    if (!dry_run)
        if (auto may = may_write(session, "rollback"); !may)
            return propagate(may);
    const auto recovery =
        dry_run ? Outcome<binding::Recovery>() : recover_first(session, options);
    if (!recovery)
        return propagate(recovery);
    const std::string txn = arguments.words.empty() ? "" : arguments.words.front();
    if (session.daemon != nullptr && !dry_run) {
        policy::Plan done;
        return carry_out_by_daemon(
            session, {.method = "Rollback", .transaction = txn, .options = timeout_option(options.timeout)}, done, {});
    }
    const auto inventory = session.kernel.inventory({});
    if (!inventory)
        return fail(inventory.error());
    auto plan = binding::plan_rollback(session.kernel, session.state, *inventory, txn);
    if (!plan)
        return fail(plan.error());
    std::vector<std::string> warnings = inventory->warnings;
    append(warnings, recovery->notes);
    if (!dry_run)
        return carry_out(session, *plan, std::move(warnings), std::move(options));
    print_plan(session, *plan, warnings);
    return ExitCode::kDone;
}

}  // namespace vfioctl
