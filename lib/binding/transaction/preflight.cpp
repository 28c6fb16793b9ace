// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/preflight.hpp"

#include "base/try.hpp"
#include "binding/transaction/node_access.hpp"
#include "policy/udev/udev_rules.hpp"

namespace binding {
namespace {

using base::Code;
using base::fail;
using base::Result;
using policy::Change;
using sysfs::Device;

std::string state_text(const std::optional<std::string>& driver,
                       const std::optional<std::string>& driver_override) {
    return (driver ? "on " + *driver : std::string("unbound")) +
           (driver_override ? " with override " + *driver_override : std::string());
}

bool as_planned(const Change& change, const Device& now) {
    return now.driver == change.from_driver && now.driver_override == change.from_override;
}

/// On the first candidate already, whatever bound it there.
bool is_on_target(const Change& change, const Device& now) {
    switch (change.to) {
        case Change::To::kChain:
            return now.driver && !change.candidates.empty() &&
                   change.candidates.front().driver == now.driver;
        case Change::To::kNone:
            return !now.driver && now.driver_override == "none";
        case Change::To::kHost:
            return false;
    }
    return false;
}

/// A release accepts the device in any state.
bool must_be_as_planned(const Change& change) {
    switch (change.to) {
        case Change::To::kChain:
        case Change::To::kNone:
            return true;
        case Change::To::kHost:
            return false;
    }
    return true;
}

}  // namespace

bool lacks_override(const Preflight& preflight) {
    return preflight.on_target && preflight.change->to == Change::To::kChain &&
           preflight.now.has_override && preflight.now.driver_override != preflight.now.driver;
}

bool is_bound_by_udev_rule(const Preflight& preflight) {
    if (!preflight.override_by_udev_rule || !preflight.now.driver)
        return false;
    const Change& change = *preflight.change;
    const bool keeps_driver = change.to == Change::To::kChain && change.candidates.empty() &&
                              preflight.now.driver == preflight.now.driver_override;
    return preflight.on_target || keeps_driver;
}

Result<Preflight> revalidate(TransactionContext& context, const Change& change) {
    const sysfs::DeviceId& id = change.target.id;
    const bool releasing =
        change.to == Change::To::kHost && context.journal_state.bound.contains(id);
    Preflight preflight{.change = &change,
                        .now = {},
                        .managed = nullptr,
                        .gone = false,
                        .on_target = false,
                        .override_by_udev_rule = false,
                        .access = {}};
    auto now = context.kernel.binding_state(id);
    if (!now && !releasing)
        return base::propagate(now);
    if (!now || !same_device(now->identity(), change.target.identity)) {
        if (!releasing)
            return fail(Code::kGone, "check", id.display(),
                        "is another device than the one that was planned for");
        preflight.gone = true;
        preflight.now.id = id;
        return preflight;
    }
    preflight.now = *std::move(now);
    preflight.managed = context.journal_state.find_managed(id, change.target.identity);
    preflight.on_target = is_on_target(change, preflight.now);
    preflight.override_by_udev_rule =
        preflight.managed == nullptr && preflight.now.driver_override &&
        context.kernel.property(id, policy::kOverrideProperty) == preflight.now.driver_override;
    if (must_be_as_planned(change) && !preflight.on_target && !as_planned(change, preflight.now))
        return fail(Code::kStale, "check", id.display(),
                    "changed since it was planned: " +
                        state_text(preflight.now.driver, preflight.now.driver_override) +
                        " now, was " + state_text(change.from_driver, change.from_override),
                    "plan again");
    if (context.options.check_change)
        TRY(context.options.check_change(change, preflight.managed));
    if (change.check == policy::Check::kOpen && !context.options.check_open)
        return fail(Code::kUnsupported, "check open", id.display(),
                    "'check: open' is not supported by this version");
    auto access = TRY(resolve_access(change.access));
    preflight.access = access;
    return preflight;
}

}  // namespace binding
