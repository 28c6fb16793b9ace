// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string>

#include "policy/plan/plan.hpp"
#include "vfioctl/context/cli_context.hpp"
#include "vfioctl/context/exit_code.hpp"

namespace vfioctl {

/// How many transactions of a plan ended, or would end, which way.
struct ResultCounts {
    std::size_t change = 0;
    std::size_t ok = 0;
    std::size_t refused = 0;
    std::size_t conflict = 0;
    std::size_t done = 0;
    std::size_t failed = 0;  ///< rolled back ones too: the change was wanted and did not come about
    std::size_t stuck = 0;
};
[[nodiscard]] ResultCounts count_results(const policy::Plan& plan);

/// `plan --detailed-exitcode`.
[[nodiscard]] ExitCode detailed_exit(const policy::Plan& plan);
/// How carrying it out went.
[[nodiscard]] ExitCode applied_exit(const policy::Plan& plan);

/// A transaction: its verdict or result, the steps, and the reasons against it, each with what
/// lifts it.
[[nodiscard]] std::string transaction_text(const policy::Transaction& transaction,
                                           const Terminal& terminal, ReasonLift lift);
/// All of them and a line of summary; carried out (`result`s are set) or not.
[[nodiscard]] std::string plan_text(const policy::Plan& plan, const Terminal& terminal,
                                    ReasonLift lift);

}  // namespace vfioctl
