// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/command.hpp"
#include "vfioctl/execute.hpp"
#include "vfioctl/options.hpp"
#include "vfioctl/world.hpp"

namespace vfioctl {

Outcome<ExitCode> run_apply(Session& session, const Arguments& arguments) {
    binding::ApplyOptions options;
    const auto timeout = timeout_of(arguments, options.timeout);
    if (!timeout)
        return propagate(timeout);
    options.timeout = *timeout;
    if (auto may = may_write(session, "apply"); !may)
        return propagate(may);
    auto world = see_and_plan(session);
    if (!world)
        return propagate(world);
    return carry_out(session, world->plan, world->warnings, std::move(options));
}

}  // namespace vfioctl
