// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/stage.hpp"

#include "binding/node_access.hpp"
#include "policy/udev_rules.hpp"

namespace binding {
namespace {

using policy::Change;
using sysfs::Code;
using sysfs::Device;
using sysfs::fail;
using sysfs::Result;

std::string state_text(const std::optional<std::string>& driver,
                       const std::optional<std::string>& driver_override) {
    return (driver ? "on " + *driver : std::string("unbound")) +
           (driver_override ? " with override " + *driver_override : std::string());
}

bool as_planned(const Change& change, const Device& now) {
    return now.driver == change.from_driver && now.driver_override == change.from_override;
}

/// On the first candidate already, whoever brought it there.
bool on_target(const Change& change, const Device& now) {
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

/// A release looks at the device as it is: whatever became of it, it is to be ours no longer.
bool must_be_as_planned(const Change& change) {
    switch (change.to) {
        case Change::To::kChain:
        case Change::To::kNone: return true;
        case Change::To::kHost: return false;
    }
    return true;
}

}  // namespace

bool lacks_override(const Staged& staged) {
    return staged.already && staged.change->to == Change::To::kChain && staged.now.has_override &&
           staged.now.driver_override != staged.now.driver;
}

Result<Staged> stage(Scene& scene, const Change& change) {
    const sysfs::DeviceId& id = change.target.id;
    const bool releasing = change.to == Change::To::kHost && scene.ledger.bound.contains(id);
    Staged staged{.change = &change, .now = {}, .ours = nullptr, .gone = false, .already = false,
                  .armed_by_rule = false, .access = {}};
    auto now = scene.kernel.standing(id);
    if (!now && !releasing)
        return sysfs::propagate(now);
    if (!now || !same_device(now->identity(), change.target.identity)) {
        if (!releasing)
            return fail(Code::kGone, "check", id.display(),
                        "is another device than the one that was planned for");
        staged.gone = true;
        staged.now.id = id;
        return staged;
    }
    staged.now = *std::move(now);
    staged.ours = scene.ledger.find_bound(id, change.target.identity);
    staged.already = on_target(change, staged.now);
    staged.armed_by_rule = staged.ours == nullptr && staged.now.driver_override &&
                           scene.kernel.property(id, policy::kArmedProperty) == staged.now.driver_override;
    if (must_be_as_planned(change) && !staged.already && !as_planned(change, staged.now))
        return fail(Code::kFailed, "check", id.display(),
                    "changed since it was planned: " +
                        state_text(staged.now.driver, staged.now.driver_override) + " now, was " +
                        state_text(change.from_driver, change.from_override),
                    "plan again");
    if (change.check == policy::Check::kOpen && !scene.options.check_open)
        return fail(Code::kUnsupported, "check open", id.display(),
                    "'check: open' is not supported by this version");
    auto access = resolve_access(change.access);
    if (!access)
        return sysfs::propagate(access);
    staged.access = *access;
    return staged;
}

}  // namespace binding
