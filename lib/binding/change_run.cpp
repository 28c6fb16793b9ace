// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/change_run.hpp"

#include "binding/mdevs.hpp"
#include "binding/node_access.hpp"
#include "binding/restore.hpp"
#include "binding/vfs.hpp"

/// One device. The order for a VFIO driver is kernel.md's: the override first, so that from the unbind
/// on nothing but the wanted driver can match; then unbind; then `drivers/<d>/bind`, whose errno is the
/// probe's own; then the look whether it is true. A candidate that refuses costs no way back: the next
/// one's override takes its place, and only when none is left does the device go back to what it was.
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

Result<void> ChangeRun::run() {
    if (staged_.gone) {
        released_ = true;
        return {};
    }
    const Change& change = *staged_.change;
    Result<void> done;
    switch (change.to) {
        case Change::To::kHost: return to_host();
        case Change::To::kNone: done = to_none(); break;
        case Change::To::kChain: done = to_chain(); break;
    }
    if (!done)
        return done;
    if (change.set_vfs)
        if (auto set = make_vfs(writer_, target_, *change.set_vfs, scene_.options.timeout); !set)
            return set;
    if (auto made = make_mdevs(writer_, target_.id, change.mdevs); !made)
        return made;
    if (staged_.access != sysfs::NodeAccess{})
        return give_access(writer_, target_.id, staged_.access);
    return {};
}

Result<void> ChangeRun::check() {
    if (staged_.gone || staged_.change->check == policy::Check::kNone || released_)
        return {};
    const Result<void> opened = scene_.options.check_open(staged_.now);
    writer_.note_step(Op::kCheckOpen, target_.id, "open",
                      opened ? StepResult::kDone : StepResult::kFailed,
                      opened ? std::string() : opened.error().text());
    return opened;
}

Result<void> ChangeRun::to_chain() {
    // No candidates: VFs or mdevs are wanted of it, its driver stays.
    if (staged_.change->candidates.empty() || staged_.already)
        return {};
    sysfs::Error last{.code = Code::kRefused, .operation = "bind", .object = target_.id.display(),
                      .errnum = 0, .reason = "no candidate could be tried", .hint = {}};
    for (const ChainLink& link : staged_.change->candidates) {
        const auto driver = driver_name(link);
        if (!driver) {
            last = driver.error();
            continue;
        }
        const Result<void> bound = try_driver(*driver);
        if (bound) {
            driver_ = *driver;
            return {};
        }
        last = bound.error();
        // A driver that could not be left, or a device that is not ours to touch any more: nothing that
        // the next candidate would change.
        if (last.code == Code::kFailed && last.operation == "unbind")
            return bound;
        if (const auto seen = look_again(*driver); !seen)
            return seen;
    }
    return tl::unexpected(last);
}

Result<std::string> ChangeRun::driver_name(const ChainLink& link) {
    if (link.module)
        if (auto loaded = writer_.load_module(target_.id, *link.module); !loaded)
            return sysfs::propagate(loaded);
    if (link.driver)
        return *link.driver;
    const std::string module = link.module.value_or("");
    const auto driver = scene_.kernel.driver_of(target_.id.bus, module);
    if (!driver)
        return sysfs::propagate(driver);
    if (*driver)
        return **driver;
    auto none = fail(Code::kNotFound, "find the driver of module " + module, target_.id.display(),
                     "it registers none on the bus " + target_.id.bus);
    writer_.note_step(Op::kBind, target_.id, module, StepResult::kFailed, none.value().text());
    return none;
}

Result<void> ChangeRun::try_driver(const std::string& driver) {
    if (staged_.now.has_override && staged_.now.driver_override != driver) {
        if (auto set = writer_.set_override(target_, driver); !set)
            return set;
        staged_.now.driver_override = driver;
    }
    if (auto left = leave_driver(); !left)
        return left;
    if (auto bound = writer_.bind(target_, driver); !bound)
        return bound;
    return verify_bound(driver);
}

Result<void> ChangeRun::leave_driver() {
    if (!staged_.now.driver)
        return {};
    const Result<void> left = writer_.unbind(target_, *staged_.now.driver);
    if (!left)
        return fail(Code::kFailed, "unbind", target_.id.display(), left.error().text());
    staged_.now.driver.reset();
    return {};
}

/// After `tried`: the device must be there, and on nothing that neither was there nor is our doing.
Result<void> ChangeRun::look_again(const std::string& tried) {
    auto now = scene_.kernel.device(target_.id);
    if (!now)
        return sysfs::propagate(now);
    if (now->driver && now->driver != staged_.now.driver && *now->driver != tried)
        return fail(Code::kBusy, "bind", target_.id.display(),
                    "was bound to " + *now->driver + " by someone else meanwhile");
    staged_.now = *std::move(now);
    return {};
}

Result<void> ChangeRun::verify_bound(const std::string& driver) {
    sysfs::Error why{.code = Code::kRefused, .operation = "verify", .object = target_.id.display(),
                     .errnum = 0, .reason = {}, .hint = {}};
    bool seen = false;
    const auto look = [&] {
        const auto now = scene_.kernel.device(target_.id);
        if (!now) {
            why = now.error();
            return true;
        }
        staged_.now = *now;
        if (now->driver != driver) {
            why.reason = "the write to bind succeeded, but the device is on " +
                         now->driver.value_or("no driver");
            return true;
        }
        seen = !gets_nodes(target_.id, driver) ||
               (now->vfio && (now->vfio->group || now->vfio->cdev));
        why.reason = "is on " + driver + ", but no VFIO node appeared";
        return seen;
    };
    if (look() || writer_.wait_for(kNodesAppear, "wait for the VFIO node of " + target_.id.display(),
                                   look))
        if (seen)
            return {};
    writer_.note_step(Op::kBind, target_.id, driver, StepResult::kFailed, why.text());
    return tl::unexpected(why);
}

Result<void> ChangeRun::to_none() {
    if (staged_.already)
        return {};
    if (staged_.now.driver_override != kNoDriver)
        if (auto set = writer_.set_override(target_, kNoDriver); !set)
            return set;
    if (auto left = leave_driver(); !left)
        return left;
    if (const auto seen = look_again(kNoDriver); !seen)
        return seen;
    if (staged_.now.driver)
        return fail(Code::kFailed, "verify", target_.id.display(),
                    "is on " + *staged_.now.driver + " after its unbind");
    driver_ = kNoDriver;
    return {};
}

Result<void> ChangeRun::to_host() {
    released_ = true;
    if (auto removed = remove_made(); !removed)
        return removed;
    const Bound* ours = staged_.ours;
    if (ours == nullptr) {
        // Not our doing, but a rule says it is to be the host's: its own driver, no override.
        if (staged_.now.driver && !sysfs::is_vfio_driver(*staged_.now.driver) &&
            !staged_.now.driver_override)
            return {};
        const auto native = native_driver(writer_, target_);
        if (!native)
            return sysfs::propagate(native);
        return restore(writer_, target_, staged_.now, {*native, std::nullopt});
    }
    Held::Origin wanted{ours->before_driver, ours->before_override};
    if (ours->driver.empty())
        return {};
    // Someone has bound or overridden it anew since: that is not ours to undo.
    if (staged_.now.driver && *staged_.now.driver != ours->driver)
        wanted.driver = staged_.now.driver;
    if (staged_.now.driver_override != ours->driver)
        wanted.driver_override = staged_.now.driver_override;
    return restore(writer_, target_, staged_.now, wanted);
}

Result<void> ChangeRun::remove_made() {
    if (staged_.ours == nullptr)
        return {};
    for (auto made = staged_.ours->made.rbegin(); made != staged_.ours->made.rend(); ++made)
        if (auto removed = unmake(writer_, target_, *made, scene_.options.timeout); !removed)
            return removed;
    return {};
}

}  // namespace binding
