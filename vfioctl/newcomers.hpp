// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "binding/apply.hpp"
#include "vfioctl/world.hpp"

namespace vfioctl {

/// Carries out the world's plan and, when it has made VFs, plans anew for these and carries that out too:
/// what becomes of a VF is said by rules of its own, and it has no address before it is there. All of
/// it is printed as one plan.
[[nodiscard]] Outcome<ExitCode> carry_out_with_newcomers(Session& session, World& world,
                                                         const binding::ApplyOptions& options);

}  // namespace vfioctl
