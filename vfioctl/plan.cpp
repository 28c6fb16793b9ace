// SPDX-License-Identifier: LGPL-2.1-or-later

#include "vfioctl/command.hpp"
#include "vfioctl/execute.hpp"
#include "vfioctl/plan_text.hpp"
#include "vfioctl/world.hpp"

namespace vfioctl {

Outcome<ExitCode> run_plan(Session& session, const Arguments& arguments) {
    const auto world = see_and_plan(session, Look::kBrief);
    if (!world)
        return propagate(world);
    print_plan(session, world->plan, world->warnings);
    return arguments.has("detailed-exitcode") ? detailed_exit(world->plan) : ExitCode::kDone;
}

}  // namespace vfioctl
