// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/device_change.hpp"

#include <algorithm>

#include "base/try.hpp"
#include "binding/transaction/attributes.hpp"
#include "binding/transaction/mdevs.hpp"
#include "binding/transaction/node_access.hpp"
#include "binding/transaction/restore.hpp"
#include "binding/transaction/sriov.hpp"
#include "binding/transaction/undo.hpp"
#include "sysfs/device/names.hpp"

/// One device. The override comes first, so that from the unbind on nothing but the wanted driver
/// can match; then the unbind; then `drivers/<d>/bind`, whose errno is the probe's own; then the
/// look whether it is true. A candidate that refuses costs no way back: the next one's override
/// takes its place, and only when none is left does the device go back to what it was.
namespace binding {
namespace {

using base::Code;
using base::fail;
using base::Result;
using policy::ChainLink;
using policy::Change;
using policy::Op;
using policy::StepResult;

constexpr Milliseconds kNodesAppear{1000};
constexpr const char* kNoDriver = "none";  ///< the override that no driver's name matches

/// On these buses a VFIO driver makes an mdev parent of the device, not a VFIO device.
bool gets_nodes(const sysfs::DeviceId& id, const std::string& driver) {
    return id.bus != "css" && id.bus != "ap" && sysfs::is_vfio_driver(driver);
}

}  // namespace

/// With no candidates VFs or mdevs are wanted of it, and its driver stays.
bool DeviceChange::changes_driver() const {
    if (preflight_.gone || preflight_.on_target)
        return false;
    switch (preflight_.change->to) {
        case Change::To::kChain:
            return !preflight_.change->candidates.empty();
        case Change::To::kNone:
            return true;
        case Change::To::kHost:
            return false;
    }
    return false;
}

/// Modules are not there to be loaded yet. A driver whose name only its module can tell is named as
/// the module is: mostly right, and otherwise nobody's name, which keeps the native driver off as
/// well. Not the next candidate's: if its module is loaded before ours, it binds the device.
Result<void> DeviceChange::set_boot_override() {
    // A BAR is resized before a driver has the device: later.
    if (policy::needs_unbound_device(preflight_.change->attrs))
        return {};
    if (!changes_driver() || preflight_.now.driver || !preflight_.now.has_override)
        return {};
    if (preflight_.change->to == Change::To::kNone) {
        driver_ = kNoDriver;
        return write_override(kNoDriver);
    }
    const ChainLink& first = preflight_.change->candidates.front();
    const auto& name = first.driver ? first.driver : first.module;
    if (!name)
        return {};
    driver_ = *name;
    return write_override(driver_);
}

/// A device that is on its driver already may have lost its override: set again, it stays
/// away from the native driver when that is next offered it.
Result<void> DeviceChange::set_override() {
    if (lacks_override(preflight_))
        return write_override(*preflight_.now.driver);
    if (!changes_driver())
        return {};
    return preflight_.change->to == Change::To::kNone ? write_override(kNoDriver)
                                                      : next_candidate();
}

Result<void> DeviceChange::unbind() {
    if (!changes_driver() || !preflight_.now.driver)
        return {};
    TRY(journaled_.unbind(target_, *preflight_.now.driver));
    preflight_.now.driver.reset();
    return {};
}

Result<void> DeviceChange::set_attributes() {
    return preflight_.gone ? Result<void>()
                           : write_attributes(journaled_, target_, preflight_.change->attrs,
                                              policy::AttributePhase::kBeforeBind);
}

Result<void> DeviceChange::bind() {
    if (preflight_.change->to == Change::To::kHost)
        return release();
    if (!changes_driver())
        return {};
    return preflight_.change->to == Change::To::kNone ? verify_unbound() : bind_along_chain();
}

/// The first of the remaining candidates that there is a driver of, with its override set.
Result<void> DeviceChange::next_candidate() {
    Result<void> last = fail(Code::kRefused, "bind", target_.id.display(), "no candidate is left");
    const auto& candidates = preflight_.change->candidates;
    while (next_ < candidates.size()) {
        const auto driver = driver_name(candidates[next_++]);
        last = driver ? journaled_.check_registered(target_.id, *driver) : base::propagate(driver);
        if (last)
            last = write_override(*driver);
        if (last)
            return last;
    }
    return last;
}

Result<std::string> DeviceChange::driver_name(const ChainLink& link) {
    if (link.module && !loaded_.contains(*link.module)) {
        TRY(journaled_.load_module(target_.id, *link.module));
        loaded_.insert(*link.module);
    }
    if (link.driver && !link.module)
        return *link.driver;
    const std::string module = link.module.value_or("");
    const auto driver = context_.kernel.driver_for(target_.id.bus, module);
    if (!driver)
        return base::propagate(driver);
    // A policy may spell its driver as the module is spelled, '-' and '_' exchanged.
    if (link.driver &&
        (!*driver || sysfs::normalise_module(**driver) != sysfs::normalise_module(*link.driver)))
        return *link.driver;
    if (*driver)
        return **driver;
    const auto none = fail(Code::kNotFound, "find the driver of module " + module,
                           target_.id.display(), "it registers none on the bus " + target_.id.bus);
    journaled_.record_step(Op::kBind, target_.id, module, StepResult::kFailed, none.value().text());
    return none;
}

Result<void> DeviceChange::write_override(const std::string& driver) {
    if (preflight_.now.has_override && preflight_.now.driver_override != driver)
        TRY(journaled_.set_override(target_, driver));
    preflight_.now.driver_override = driver;
    candidate_ = driver;
    return {};
}

Result<void> DeviceChange::bind_along_chain() {
    for (;;) {
        Result<void> bound = journaled_.bind(target_, candidate_);
        if (bound)
            bound = verify_bound(candidate_);
        if (bound) {
            driver_ = candidate_;
            return bound;
        }
        TRY(revalidate_after(candidate_));
        // The refusal counts for more than that nothing else is left.
        if (next_ == preflight_.change->candidates.size())
            return bound;
        if (const auto next = next_candidate(); !next)
            return next_ == preflight_.change->candidates.size() ? bound : next;
        // Bound, but not fit for use: it has to leave that driver as well.
        TRY(unbind());
    }
}

/// After `tried`: the device must be there, and on nothing that neither was there nor is our doing.
Result<void> DeviceChange::revalidate_after(const std::string& tried) {
    auto now = TRY(context_.kernel.binding_state(target_.id));
    if (now.driver && *now.driver != tried)
        return fail(Code::kBusy, "bind", target_.id.display(),
                    "was bound to " + *now.driver + " by someone else meanwhile");
    preflight_.now = std::move(now);
    return {};
}

/// The link is the kernel's word for what a write's success only claims. The nodes come a moment
/// later.
Result<void> DeviceChange::verify_bound(const std::string& driver) {
    const auto failed = [&](const std::string& why) {
        const auto error = fail(Code::kRefused, "verify", target_.id.display(), why);
        journaled_.record_step(Op::kBind, target_.id, driver, StepResult::kFailed,
                               error.value().text());
        return error;
    };
    bool ready = false;
    const auto is_settled = [&] {
        auto now = context_.kernel.binding_state(target_.id);
        if (!now)
            return true;
        preflight_.now = *std::move(now);
        const auto& vfio = preflight_.now.vfio;
        ready = preflight_.now.driver == driver &&
                (!gets_nodes(target_.id, driver) || (vfio && (vfio->group || vfio->cdev)));
        return ready || preflight_.now.driver != driver;
    };
    if (!is_settled() &&
        !journaled_.wait_for(kNodesAppear, "wait for the VFIO node of " + target_.id.display(),
                             is_settled))
        return failed("is on " + driver + ", but no VFIO node appeared");
    if (ready)
        return {};
    return failed("the write to bind succeeded, but the device is on " +
                  preflight_.now.driver.value_or("no driver"));
}

Result<void> DeviceChange::verify_unbound() {
    const auto now = TRY(context_.kernel.binding_state(target_.id));
    if (now.driver)
        return fail(Code::kFailed, "verify", target_.id.display(),
                    "is on " + *now.driver + " after its unbind");
    driver_ = kNoDriver;
    return {};
}

Result<void> DeviceChange::configure() {
    const Change& change = *preflight_.change;
    if (preflight_.gone || released_)
        return {};
    TRY(write_attributes(journaled_, target_, change.attrs, policy::AttributePhase::kAfterBind));
    if (change.set_vfs)
        TRY(enable_vfs(journaled_, target_, *change.set_vfs, context_.options.timeout));
    TRY(remove_mdevs(journaled_, target_.id, change.mdevs_to_stop));
    TRY(create_mdevs(journaled_, target_.id, change.mdevs));
    if (preflight_.access != sysfs::NodeAccess{})
        return grant_access(journaled_, target_.id, preflight_.access, change.access);
    return {};
}

Result<void> DeviceChange::check_open() {
    if (preflight_.gone || released_ || preflight_.change->check == policy::Check::kNone)
        return {};
    const auto now = TRY(context_.kernel.device(target_.id));
    const Result<void> opened = context_.options.check_open(now);
    journaled_.record_step(Op::kCheckOpen, target_.id, {},
                           opened ? StepResult::kDone : StepResult::kFailed,
                           opened ? std::string() : opened.error().text());
    return opened;
}

/// To what stood when a later transaction of ours began.
Result<void> DeviceChange::roll_back(const InFlightTransaction& changes) {
    const UndoResult undone = undo_device(journaled_, changes, changes.begin.devices.front());
    rolled_back_ = true;
    const auto& left = undone.errors.empty() ? undone.notes : undone.errors;
    return left.empty()
               ? Result<void>()
               : fail(Code::kFailed, "roll back", preflight_.change->rollback, left.front());
}

Result<void> DeviceChange::release() {
    const std::string& rollback = preflight_.change->rollback;
    if (!preflight_.gone && !rollback.empty())
        if (const auto changes = context_.journal_state.changes_since(rollback, target_.id))
            return roll_back(*changes);
    released_ = true;
    if (preflight_.gone)
        return {};
    const sysfs::Device& now = preflight_.now;
    if (const ManagedDevice* ours = preflight_.managed) {
        if (now.driver && *now.driver == ours->driver && needs_unbound_device(*ours)) {
            TRY(journaled_.unbind(target_, *now.driver));
            preflight_.now.driver.reset();
        }
        if (auto removed = remove_side_effects(); !removed || ours->driver.empty())
            return removed;
        // Whatever someone has bound or overridden anew since is not ours to undo.
        const bool driver_ours = !now.driver || *now.driver == ours->driver;
        const bool override_ours = now.driver_override == ours->driver;
        if (driver_ours && ours->early && !ours->before_driver) {
            const auto native = native_driver(journaled_, target_);
            if (native)
                return restore(journaled_, target_, now, {*native, ours->before_override, {}});
        }
        return restore(journaled_, target_, now,
                       {driver_ours ? ours->before_driver : now.driver,
                        override_ours ? ours->before_override : now.driver_override,
                        driver_ours ? ours->before_power_control : std::nullopt});
    }
    // Not our doing, but a rule says it is to be the host's: its own driver, and no override.
    if (now.driver && !sysfs::is_vfio_driver(*now.driver))
        return restore(journaled_, target_, now, {now.driver, std::nullopt});
    const auto native = native_driver(journaled_, target_);
    if (!native && now.driver)
        return base::propagate(native);
    return restore(journaled_, target_, now,
                   {native ? std::optional(*native) : std::nullopt, std::nullopt});
}

Result<void> DeviceChange::remove_side_effects() {
    for (auto effect = preflight_.managed->side_effects.rbegin();
         effect != preflight_.managed->side_effects.rend(); ++effect)
        TRY(remove_side_effect(journaled_, target_, *effect, context_.options.timeout));
    return {};
}

}  // namespace binding
