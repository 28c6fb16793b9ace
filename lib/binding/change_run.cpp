// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/change_run.hpp"

#include <algorithm>

#include "binding/mdevs.hpp"
#include "binding/node_access.hpp"
#include "binding/restore.hpp"
#include "binding/vfs.hpp"

/// One device. The override comes first, so that from the unbind on nothing but the wanted driver can
/// match; then the unbind; then `drivers/<d>/bind`, whose errno is the probe's own; then the look
/// whether it is true. A candidate that refuses costs no way back: the next one's override takes its
/// place, and only when none is left does the device go back to what it was.
namespace binding {
namespace {

using policy::ChainLink;
using policy::Change;
using policy::Op;
using policy::StepResult;
using sysfs::Code;
using sysfs::fail;
using sysfs::Result;

constexpr Milliseconds kNodesAppear{1000};
constexpr const char* kNoDriver = "none";  ///< the override that no driver's name matches

/// On these buses a VFIO driver makes an mdev parent of the device, not a VFIO device.
bool gets_nodes(const sysfs::DeviceId& id, const std::string& driver) {
    return id.bus != "css" && id.bus != "ap" && sysfs::is_vfio_driver(driver);
}

}  // namespace

/// With no candidates VFs or mdevs are wanted of it, and its driver stays.
bool ChangeRun::takes_driver() const {
    if (staged_.gone || staged_.already)
        return false;
    switch (staged_.change->to) {
        case Change::To::kChain: return !staged_.change->candidates.empty();
        case Change::To::kNone: return true;
        case Change::To::kHost: return false;
    }
    return false;
}

/// Modules are not there to be loaded yet. A driver whose name only its module can tell is named as the module
/// is: mostly right, and otherwise nobody's name, which keeps the native driver off as well. Not the next
/// candidate's: whoever loads that one before us would bind the device to it.
Result<void> ChangeRun::arm() {
    if (!takes_driver() || staged_.now.driver || !staged_.now.has_override)
        return {};
    if (staged_.change->to == Change::To::kNone) {
        driver_ = kNoDriver;
        return override_to(kNoDriver);
    }
    const ChainLink& first = staged_.change->candidates.front();
    const auto& name = first.driver ? first.driver : first.module;
    if (!name)
        return {};
    driver_ = *name;
    return override_to(driver_);
}

/// A device that is on its driver already may have lost its override by hand: set again, it stays away from
/// the native driver when that is next offered it.
Result<void> ChangeRun::prepare() {
    if (lacks_override(staged_))
        return override_to(*staged_.now.driver);
    if (!takes_driver())
        return {};
    return staged_.change->to == Change::To::kNone ? override_to(kNoDriver) : next_candidate();
}

Result<void> ChangeRun::leave() {
    if (!takes_driver() || !staged_.now.driver)
        return {};
    if (auto left = writer_.unbind(target_, *staged_.now.driver); !left)
        return left;
    staged_.now.driver.reset();
    return {};
}

Result<void> ChangeRun::arrive() {
    if (staged_.change->to == Change::To::kHost)
        return to_host();
    if (!takes_driver())
        return {};
    return staged_.change->to == Change::To::kNone ? verify_unbound() : bind_along_chain();
}

/// The first of the remaining candidates that there is a driver of, with its override set.
Result<void> ChangeRun::next_candidate() {
    Result<void> last = fail(Code::kRefused, "bind", target_.id.display(), "no candidate is left");
    const auto& candidates = staged_.change->candidates;
    while (next_ < candidates.size()) {
        const auto driver = driver_name(candidates[next_++]);
        last = driver ? override_to(*driver) : sysfs::propagate(driver);
        if (last)
            return last;
    }
    return last;
}

Result<std::string> ChangeRun::driver_name(const ChainLink& link) {
    if (link.module && !loaded_.contains(*link.module)) {
        if (auto loaded = writer_.load_module(target_.id, *link.module); !loaded)
            return sysfs::propagate(loaded);
        loaded_.insert(*link.module);
    }
    if (link.driver)
        return *link.driver;
    const std::string module = link.module.value_or("");
    const auto driver = scene_.kernel.driver_of(target_.id.bus, module);
    if (!driver)
        return sysfs::propagate(driver);
    if (*driver)
        return **driver;
    const auto none = fail(Code::kNotFound, "find the driver of module " + module,
                           target_.id.display(), "it registers none on the bus " + target_.id.bus);
    writer_.note_step(Op::kBind, target_.id, module, StepResult::kFailed, none.value().text());
    return none;
}

Result<void> ChangeRun::override_to(const std::string& driver) {
    if (staged_.now.has_override && staged_.now.driver_override != driver)
        if (auto set = writer_.set_override(target_, driver); !set)
            return set;
    staged_.now.driver_override = driver;
    trying_ = driver;
    return {};
}

Result<void> ChangeRun::bind_along_chain() {
    for (;;) {
        Result<void> bound = writer_.bind(target_, trying_);
        if (bound)
            bound = verify_bound(trying_);
        if (bound) {
            driver_ = trying_;
            return bound;
        }
        if (const auto seen = look_again(trying_); !seen)
            return seen;
        // The refusal counts for more than that nothing else is left.
        if (next_ == staged_.change->candidates.size())
            return bound;
        if (const auto next = next_candidate(); !next)
            return next_ == staged_.change->candidates.size() ? bound : next;
        // Bound, but not fit for use: it has to leave that driver as well.
        if (auto left = leave(); !left)
            return left;
    }
}

/// After `tried`: the device must be there, and on nothing that neither was there nor is our doing.
Result<void> ChangeRun::look_again(const std::string& tried) {
    auto now = scene_.kernel.standing(target_.id);
    if (!now)
        return sysfs::propagate(now);
    if (now->driver && *now->driver != tried)
        return fail(Code::kBusy, "bind", target_.id.display(),
                    "was bound to " + *now->driver + " by someone else meanwhile");
    staged_.now = *std::move(now);
    return {};
}

/// The link is the kernel's word for what a write's success only claims. The nodes come a moment later.
Result<void> ChangeRun::verify_bound(const std::string& driver) {
    const auto failed = [&](const std::string& why) {
        const auto error = fail(Code::kRefused, "verify", target_.id.display(), why);
        writer_.note_step(Op::kBind, target_.id, driver, StepResult::kFailed, error.value().text());
        return error;
    };
    bool ready = false;
    const auto settled = [&] {
        auto now = scene_.kernel.standing(target_.id);
        if (!now)
            return true;
        staged_.now = *std::move(now);
        const auto& vfio = staged_.now.vfio;
        ready = staged_.now.driver == driver &&
                (!gets_nodes(target_.id, driver) || (vfio && (vfio->group || vfio->cdev)));
        return ready || staged_.now.driver != driver;
    };
    if (!settled() && !writer_.wait_for(kNodesAppear,
                                        "wait for the VFIO node of " + target_.id.display(), settled))
        return failed("is on " + driver + ", but no VFIO node appeared");
    if (ready)
        return {};
    return failed("the write to bind succeeded, but the device is on " +
                  staged_.now.driver.value_or("no driver"));
}

Result<void> ChangeRun::verify_unbound() {
    const auto now = scene_.kernel.standing(target_.id);
    if (!now)
        return sysfs::propagate(now);
    if (now->driver)
        return fail(Code::kFailed, "verify", target_.id.display(),
                    "is on " + *now->driver + " after its unbind");
    driver_ = kNoDriver;
    return {};
}

Result<void> ChangeRun::dress() {
    const Change& change = *staged_.change;
    if (staged_.gone || released_)
        return {};
    if (change.set_vfs)
        if (auto set = make_vfs(writer_, target_, *change.set_vfs, scene_.options.timeout); !set)
            return set;
    if (auto stopped = stop_mdevs(writer_, target_.id, change.mdevs_to_stop); !stopped)
        return stopped;
    if (auto made = make_mdevs(writer_, target_.id, change.mdevs); !made)
        return made;
    if (staged_.access != sysfs::NodeAccess{})
        return give_access(writer_, target_.id, staged_.access, change.access);
    return {};
}

Result<void> ChangeRun::check() {
    if (staged_.gone || released_ || staged_.change->check == policy::Check::kNone)
        return {};
    const auto now = scene_.kernel.device(target_.id);
    if (!now)
        return sysfs::propagate(now);
    const Result<void> opened = scene_.options.check_open(*now);
    writer_.note_step(Op::kCheckOpen, target_.id, {},
                      opened ? StepResult::kDone : StepResult::kFailed,
                      opened ? std::string() : opened.error().text());
    return opened;
}

Result<void> ChangeRun::to_host() {
    released_ = true;
    if (staged_.gone)
        return {};
    const sysfs::Device& now = staged_.now;
    if (const Bound* ours = staged_.ours) {
        if (auto removed = remove_made(); !removed || ours->driver.empty())
            return removed;
        // Whatever someone has bound or overridden anew since is not ours to undo.
        const bool driver_ours = !now.driver || *now.driver == ours->driver;
        const bool override_ours = now.driver_override == ours->driver;
        if (driver_ours && ours->early && !ours->before_driver) {
            const auto native = native_driver(writer_, target_);
            if (native)
                return restore(writer_, target_, now, {*native, ours->before_override});
        }
        return restore(writer_, target_, now,
                       {driver_ours ? ours->before_driver : now.driver,
                        override_ours ? ours->before_override : now.driver_override});
    }
    // Not our doing, but a rule says it is to be the host's: its own driver, and no override.
    if (now.driver && !sysfs::is_vfio_driver(*now.driver))
        return restore(writer_, target_, now, {now.driver, std::nullopt});
    const auto native = native_driver(writer_, target_);
    return native ? restore(writer_, target_, now, {*native, std::nullopt})
                  : sysfs::propagate(native);
}

Result<void> ChangeRun::remove_made() {
    for (auto made = staged_.ours->made.rbegin(); made != staged_.ours->made.rend(); ++made)
        if (auto removed = unmake(writer_, target_, *made, scene_.options.timeout); !removed)
            return removed;
    return {};
}

}  // namespace binding
