// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/apply.hpp"

#include <algorithm>

#include "base/try.hpp"
#include "binding/transaction/transaction_runner.hpp"

namespace binding {
namespace {

using base::propagate;
using base::Result;

bool has_work(const policy::Plan& plan) {
    return std::any_of(plan.transactions.begin(), plan.transactions.end(),
                       [](const auto& each) { return each.verdict == policy::Verdict::kChange; });
}

/// Reads without the lock, so that a run with nothing to do needs no right to write. A transaction
/// of another process shows as in flight; the lock then names that process.
Result<bool> has_in_flight(const StateDir& state) {
    const auto journal_state = read_journal(state);
    if (!journal_state)
        return propagate(journal_state);
    return !journal_state->in_flight.empty();
}

}  // namespace

Result<policy::Plan> apply(sysfs::Kernel& kernel, const StateDir& state, policy::Plan plan,
                           const ApplyOptions& options) {
    if (!has_work(plan)) {
        const auto in_flight = has_in_flight(state);
        if (!in_flight)
            return propagate(in_flight);
        if (!*in_flight)
            return plan;
    }
    auto runner = TRY(TransactionRunner::open(kernel, state, options));
    const auto recovered = TRY(runner.recover());
    if (options.on_warning)
        for (const std::string& sentence : recovered.notes)
            options.on_warning(sentence);
    runner.run(plan);
    runner.close();
    return plan;
}

Result<Recovery> recover(sysfs::Kernel& kernel, const StateDir& state,
                         const ApplyOptions& options) {
    const auto in_flight = has_in_flight(state);
    if (!in_flight)
        return propagate(in_flight);
    if (!*in_flight)
        return Recovery{};
    auto runner = TRY(TransactionRunner::open(kernel, state, options));
    auto recovered = runner.recover();
    runner.close();
    return recovered;
}

}  // namespace binding
