// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/undo.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <set>

#include "base/try.hpp"
#include "binding/transaction/mdevs.hpp"
#include "binding/transaction/restore.hpp"
#include "policy/model/device_attributes.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/device/sriov.hpp"

namespace binding {
namespace {

using base::Result;
using policy::Op;
using sysfs::Device;
using sysfs::DeviceId;
using sysfs::DeviceTarget;

constexpr unsigned kMaxTries = 3;  ///< of a write that the kernel refuses
constexpr const char* kAutoprobeWrite = "sriov_drivers_autoprobe=";

/// Did this transaction intend to write `value` there? It wrote nothing but its intents.
bool was_intended(const InFlightTransaction& flight, const DeviceId& device,
                  std::initializer_list<Op> ops, const std::string& value) {
    return std::any_of(flight.intents.begin(), flight.intents.end(), [&](const IntentRecord& i) {
        return i.device == device && i.value == value &&
               std::find(ops.begin(), ops.end(), i.op) != ops.end();
    });
}

/// In use, deferred, or /sys is mounted read-only: the state of the host, not the device's answer.
bool is_transient(int errnum) {
    return errnum == EBUSY || errnum == EAGAIN || errnum == EROFS;
}

/// Has the kernel refused a write that puts the device back in every try there has been? A write of
/// the transaction itself is made once.
bool was_refused_often(const InFlightTransaction& flight, const DeviceId& device) {
    std::map<std::pair<Op, std::string>, unsigned> refusals;
    for (const IntentRecord& intent : flight.intents)
        if (const auto result = flight.results.find(intent.step);
            intent.device == device && result != flight.results.end() && result->second != 0)
            ++refusals[{intent.op, intent.value}];
    return std::any_of(refusals.begin(), refusals.end(),
                       [](const auto& each) { return each.second + 1 >= kMaxTries; });
}

bool touched_binding(const InFlightTransaction& flight, const DeviceId& device) {
    return std::any_of(flight.intents.begin(), flight.intents.end(), [&](const IntentRecord& i) {
        return i.device == device && (i.op == Op::kSetOverride || i.op == Op::kClearOverride ||
                                      i.op == Op::kUnbind || i.op == Op::kBind);
    });
}

/// Is it a driver that the device had when the transaction began, or that this one gave it?
bool is_driver_of(const InFlightTransaction& flight, const BindingSnapshot& snapshot,
                  const std::string& driver) {
    return driver == snapshot.before.driver ||
           was_intended(flight, snapshot.device, {Op::kBind, Op::kSetOverride}, driver);
}

/// Undoes one write of a kind that BindingSnapshot does not cover.
class SideEffectUndo {
  public:
    SideEffectUndo(JournaledKernel& journaled, const InFlightTransaction& flight,
                   const BindingSnapshot& snapshot, const DeviceTarget& target)
        : journaled_(journaled), flight_(flight), snapshot_(snapshot), target_(target) {}

    Result<void> operator()(const IntentRecord& intent) {
        if (intent.before.empty())
            return {};  // written by an undo itself
        switch (intent.op) {
            case Op::kCreateMdev:
                return remove_mdev(intent);
            case Op::kRemoveMdev:
                return create_mdev(intent);
            case Op::kSetVfs:
                return set_vfs(intent);
            case Op::kSetAttr:
                return set_attr(intent);
            case Op::kSetAccess:
                return set_access(intent);
            case Op::kLoadModule:
            case Op::kSetOverride:
            case Op::kClearOverride:
            case Op::kUnbind:
            case Op::kBind:
            case Op::kCheckOpen:
                return {};
        }
        return {};
    }

  private:
    [[nodiscard]] bool is_there(const policy::MdevSpec& spec) {
        const auto mdev = journaled_.kernel().device({"mdev", spec.uuid.value_or("")});
        return mdev && mdev->mdev && mdev->mdev->parent == parent_name() &&
               mdev->mdev->type == spec.type;
    }
    [[nodiscard]] std::string parent_name() {
        const auto now = journaled_.kernel().device(target_.id);
        return now ? now->mdev_parent_name : std::string();
    }
    Result<void> remove_mdev(const IntentRecord& intent) {
        const policy::MdevSpec mdev = decode_mdev(intent.value, intent.before);
        if (!is_there(mdev))
            return {};
        TRY(journaled_.check_loss(target_.id, {{"mdev", *mdev.uuid}}));
        return journaled_.remove_mdev(target_.id, mdev);
    }
    Result<void> create_mdev(const IntentRecord& intent) {
        const policy::MdevSpec mdev = decode_mdev(intent.value, intent.before);
        return is_there(mdev) ? Result<void>()
                              : binding::create_mdev(journaled_, target_.id, parent_name(), mdev);
    }
    Result<void> set_vfs(const IntentRecord& intent) {
        const auto before = base::parse_decimal(intent.before);
        const auto fresh = journaled_.kernel().device(target_.id);
        if (!before || !fresh || !fresh->sriov || fresh->sriov->enabled == *before)
            return {};
        TRY(journaled_.check_loss(target_.id, sysfs::vf_ids(*fresh)));
        const auto wanted = static_cast<std::uint32_t>(*before);
        // From one number to another only through 0 (EBUSY otherwise).
        if (fresh->sriov->enabled != 0 && wanted != 0)
            TRY(journaled_.set_vfs(target_, 0, fresh->sriov->enabled));
        return journaled_.set_vfs(target_, wanted, 0);
    }
    Result<void> set_attr(const IntentRecord& intent) {
        if (intent.before.find('=') == std::string::npos)
            return {};
        const auto [attr, before] = policy::split_assignment(intent.before);
        if (policy::needs_unbound_device(attr)) {
            const auto now = TRY(journaled_.kernel().binding_state(target_.id));
            // A driver that is not our doing keeps the device, as it is.
            if (now.driver && !is_driver_of(flight_, snapshot_, *now.driver))
                return {};
            if (now.driver)
                TRY(journaled_.unbind(target_, *now.driver));
        }
        return journaled_.write_attr(target_, attr, before,
                                     policy::split_assignment(intent.value).second);
    }
    Result<void> set_access(const IntentRecord& intent) {
        const auto before = decode_access(intent.before);
        if (!before)
            return {};
        const Result<void> done = journaled_.set_access(target_.id, intent.value, *before, {});
        // The node goes with the binding, and its owner with it.
        const bool gone = !done && (done.error().code == base::Code::kNotFound ||
                                    done.error().code == base::Code::kGone);
        return gone ? Result<void>() : done;
    }

    JournaledKernel& journaled_;
    const InFlightTransaction& flight_;
    const BindingSnapshot& snapshot_;
    const DeviceTarget& target_;
};

class DeviceUndo {
  public:
    DeviceUndo(JournaledKernel& journaled, const InFlightTransaction& flight,
               const BindingSnapshot& snapshot, UndoResult& undone)
        : journaled_(journaled),
          flight_(flight),
          snapshot_(snapshot),
          undone_(undone),
          target_{snapshot.device, snapshot.identity} {}

    void run() {
        const auto now = journaled_.kernel().binding_state(snapshot_.device);
        if (!now)
            return note("went away");
        if (!same_device(now->identity(), snapshot_.identity))
            return note("is another device now");
        target_.identity = now->identity();
        if (takes_device(*now))
            if (const auto unused = journaled_.check_loss(target_.id, {target_.id}, made());
                !unused)
                return leave(unused.error());
        undo_effects();
        if (!touched_binding(flight_, snapshot_.device))
            return;
        // An attribute may have needed the device without a driver.
        const auto after = journaled_.kernel().binding_state(snapshot_.device);
        undo_binding(after ? *after : *now);
    }

  private:
    void note(const std::string& what) {
        undone_.notes.push_back(snapshot_.device.display() + " " + what);
    }
    /// Would the undo take the device from the driver that it has now, or bind one that has none?
    /// A program may have mapped its BARs meanwhile.
    [[nodiscard]] bool takes_device(const Device& now) const {
        if (!now.driver)
            return snapshot_.before.driver && touched_binding(flight_, snapshot_.device);
        if (!is_driver_of(flight_, snapshot_, *now.driver))
            return false;
        const bool to_another =
            touched_binding(flight_, snapshot_.device) && now.driver != snapshot_.before.driver;
        return to_another ||
               std::any_of(
                   flight_.intents.begin(), flight_.intents.end(), [&](const IntentRecord& intent) {
                       return intent.device == snapshot_.device && intent.op == Op::kSetAttr &&
                              policy::needs_unbound_device(
                                  policy::split_assignment(intent.before).first);
                   });
    }
    /// The VFs and mdevs that go before the device itself.
    [[nodiscard]] std::set<DeviceId> made() {
        std::set<DeviceId> children;
        bool sets_vfs = false;
        for (const IntentRecord& intent : flight_.intents) {
            if (intent.device != snapshot_.device)
                continue;
            if (intent.op == Op::kCreateMdev)
                children.insert({"mdev", intent.value});
            sets_vfs = sets_vfs || intent.op == Op::kSetVfs;
        }
        if (sets_vfs)
            if (const auto now = journaled_.kernel().device(target_.id))
                std::ranges::copy(sysfs::vf_ids(*now), std::inserter(children, children.end()));
        return children;
    }
    /// The device is in use: all of it stays as it is.
    void leave(const base::Error& why) {
        undone_.errors.push_back(why.text());
        if (is_transient(why.errnum))
            undone_.pending = true;
        else if (snapshot_.origin)
            undone_.left_to_host.emplace_back(snapshot_.device, why.text());
    }
    void check(const Result<void>& done) {
        if (done)
            return;
        const base::Error& error = done.error();
        undone_.errors.push_back(error.text());
        // What the host uses stays with it.
        if (error.code == base::Code::kRefused && error.errnum == 0)
            return;
        if (is_transient(error.errnum) || !was_refused_often(flight_, snapshot_.device))
            undone_.pending = true;
    }
    /// Autoprobe goes back first: VFs that there were before came with their native drivers.
    void undo_effects() {
        SideEffectUndo effect(journaled_, flight_, snapshot_, target_);
        for (const IntentRecord& intent : flight_.intents)
            if (is_autoprobe(intent)) {
                check(effect(intent));
                break;
            }
        for (auto at = flight_.intents.rbegin(); at != flight_.intents.rend(); ++at)
            if (at->device == snapshot_.device && !is_autoprobe(*at))
                check(effect(*at));
    }
    [[nodiscard]] bool is_autoprobe(const IntentRecord& intent) const {
        return intent.op == Op::kSetAttr && intent.device == snapshot_.device &&
               intent.before.starts_with(kAutoprobeWrite);
    }
    /// Of driver and override, what another program has changed meanwhile stays; the other goes
    /// back all the same, or the device would keep a VFIO driver's override below a foreign driver,
    /// or lose its driver because of a foreign override.
    void undo_binding(const Device& now) {
        PreviousBinding wanted = snapshot_.before;
        const std::string override_now = now.driver_override.value_or("");
        const bool override_ours =
            now.driver_override == wanted.driver_override ||
            was_intended(flight_, snapshot_.device, {Op::kSetOverride, Op::kClearOverride},
                         override_now);
        if (!is_driver_ours(now, override_ours)) {
            note("is on " + now.driver.value_or("no driver") +
                 ", which is not our doing: left alone");
            // Our override is for our driver. What was there before us suits any.
            const bool set_by_us =
                was_intended(flight_, snapshot_.device, {Op::kSetOverride}, override_now);
            wanted = {now.driver, set_by_us ? snapshot_.origin.value_or(wanted).driver_override
                                            : now.driver_override};
        }
        if (!override_ours) {
            note("has the override " + override_now + ", which is not our doing: left alone");
            wanted.driver_override = now.driver_override;
        }
        check(restore(journaled_, target_, now, wanted));
    }
    /// A device without a driver lost it by us, or by whom the override is.
    [[nodiscard]] bool is_driver_ours(const Device& now, bool override_ours) const {
        if (now.driver == snapshot_.before.driver)
            return true;
        if (now.driver)
            return is_driver_of(flight_, snapshot_, *now.driver);
        return override_ours ||
               was_intended(flight_, snapshot_.device, {Op::kUnbind}, *snapshot_.before.driver);
    }

    JournaledKernel& journaled_;
    const InFlightTransaction& flight_;
    const BindingSnapshot& snapshot_;
    UndoResult& undone_;
    DeviceTarget target_;
};

}  // namespace

UndoResult undo_device(JournaledKernel& journaled, const InFlightTransaction& changes,
                       const BindingSnapshot& snapshot) {
    UndoResult undone;
    DeviceUndo(journaled, changes, snapshot, undone).run();
    return undone;
}

UndoResult undo(JournaledKernel& journaled, const InFlightTransaction& flight) {
    UndoResult undone;
    journaled.begin_undo();
    for (auto snapshot = flight.begin.devices.rbegin(); snapshot != flight.begin.devices.rend();
         ++snapshot)
        DeviceUndo(journaled, flight, *snapshot, undone).run();
    return undone;
}

}  // namespace binding
