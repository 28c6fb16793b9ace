// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/apply.hpp"

#include <algorithm>

#include "binding/session.hpp"

namespace binding {
namespace {

using sysfs::propagate;
using sysfs::Result;

bool has_work(const policy::Plan& plan) {
    return std::any_of(plan.transactions.begin(), plan.transactions.end(), [](const auto& each) {
        return each.verdict == policy::Verdict::kChange;
    });
}

/// Asked without the lock, so that having nothing to do needs no right to write and writes nothing. A
/// transaction that another process has under way shows as in flight; the lock then says who.
Result<bool> anything_in_flight(const StateDir& state) {
    const auto ledger = read_ledger(state);
    if (!ledger)
        return propagate(ledger);
    return !ledger->in_flight.empty();
}

}  // namespace

Result<policy::Plan> apply(sysfs::Kernel& kernel, const StateDir& state, policy::Plan plan,
                           const ApplyOptions& options) {
    if (!has_work(plan)) {
        const auto in_flight = anything_in_flight(state);
        if (!in_flight)
            return propagate(in_flight);
        if (!*in_flight)
            return plan;
    }
    auto session = Session::open(kernel, state, options);
    if (!session)
        return propagate(session);
    const auto recovered = session->recover();
    if (!recovered)
        return propagate(recovered);
    if (options.on_warning)
        for (const std::string& sentence : recovered->notes)
            options.on_warning(sentence);
    session->carry_out(plan);
    session->close();
    return plan;
}

Result<Recovery> recover(sysfs::Kernel& kernel, const StateDir& state, const ApplyOptions& options) {
    const auto in_flight = anything_in_flight(state);
    if (!in_flight)
        return propagate(in_flight);
    if (!*in_flight)
        return Recovery{};
    auto session = Session::open(kernel, state, options);
    if (!session)
        return propagate(session);
    auto recovered = session->recover();
    session->close();
    return recovered;
}

}  // namespace binding
