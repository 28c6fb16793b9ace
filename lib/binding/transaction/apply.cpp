// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/apply.hpp"

#include <algorithm>

#include "binding/transaction/transaction_runner.hpp"

namespace binding {
namespace {

using base::propagate;
using base::Result;

bool has_work(const policy::Plan& plan) {
    return std::any_of(plan.transactions.begin(), plan.transactions.end(),
                       [](const auto& each) { return each.verdict == policy::Verdict::kChange; });
}

/// Asked without the lock, so that having nothing to do needs no right to write and writes nothing.
/// A transaction that another process has under way shows as in flight; the lock then says who.
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
    auto runner = TransactionRunner::open(kernel, state, options);
    if (!runner)
        return propagate(runner);
    const auto recovered = runner->recover();
    if (!recovered)
        return propagate(recovered);
    if (options.on_warning)
        for (const std::string& sentence : recovered->notes)
            options.on_warning(sentence);
    runner->run(plan);
    runner->close();
    return plan;
}

Result<Recovery> recover(sysfs::Kernel& kernel, const StateDir& state,
                         const ApplyOptions& options) {
    const auto in_flight = has_in_flight(state);
    if (!in_flight)
        return propagate(in_flight);
    if (!*in_flight)
        return Recovery{};
    auto runner = TransactionRunner::open(kernel, state, options);
    if (!runner)
        return propagate(runner);
    auto recovered = runner->recover();
    runner->close();
    return recovered;
}

}  // namespace binding
