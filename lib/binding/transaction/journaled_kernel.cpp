// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/journaled_kernel.hpp"

#include <poll.h>

#include <cerrno>

#include "base/clock.hpp"
#include "base/try.hpp"
#include "binding/codec/field_lists.hpp"
#include "binding/transaction/usage_check.hpp"
#include "sysfs/device/sriov.hpp"

namespace binding {
namespace {

using base::Clock;
using base::Result;
using policy::Op;
using policy::StepResult;
using sysfs::DeviceId;
using sysfs::DeviceTarget;

constexpr Milliseconds kPollInterval{5};
constexpr Milliseconds kRetryInterval{50};

void pause(Milliseconds time) {
    ::poll(nullptr, 0, static_cast<int>(time.count()));
}

}  // namespace

Result<void> JournaledKernel::write(const JournaledWrite& what, const KernelCall& call) {
    const unsigned step = step_++;
    const bool forward = direction_ == Direction::kForward;
    const std::size_t at = forward ? steps_.begin(what.op, what.shown_device.value_or(what.device),
                                                  what.shown_value.value_or(what.value))
                                   : 0;
    if (Result<void> unused = forward ? check_loss(what.device, what.lost) : Result<void>();
        !unused) {
        steps_.end(at, StepResult::kFailed, unused.error().text());
        return unused;
    }
    // A write of an undo has nothing that a later undo would restore.
    const auto intended = journal_.append(IntentRecord{txn_, step, what.op, what.device, what.value,
                                                       forward ? what.before : std::string()},
                                          Sync::kNow);
    if (!intended && forward) {
        steps_.end(at, StepResult::kFailed, intended.error().text());
        return intended;
    }
    on_step_(what.doing);
    Result<void> done = call();
    const int errnum = done ? 0 : done.error().errnum != 0 ? done.error().errnum : EIO;
    // A result that cannot be recorded changes nothing: an undo reads the kernel.
    (void)journal_.append(DoneRecord{txn_, step, errnum}, Sync::kLater);
    if (forward)
        steps_.end(at, done ? StepResult::kDone : StepResult::kFailed,
                   done ? std::string() : done.error().text());
    return done;
}

Result<void> JournaledKernel::check_loss(const DeviceId& device, const std::vector<DeviceId>& lost,
                                         const std::set<DeviceId>& made) {
    if (lost.empty())
        return {};
    if (direction_ == Direction::kUndo) {
        on_step_("look who uses " + lost.front().display());
        return check_undo_loss(kernel_, lost, made);
    }
    return loss_check_ ? loss_check_(device, lost) : Result<void>();
}

Result<void> JournaledKernel::load_module(const DeviceId& for_device, const std::string& module) {
    return write({Op::kLoadModule, for_device, module, {}, "load module " + module},
                 [&] { return kernel_.load_module(module); });
}

Result<void> JournaledKernel::check_registered(const DeviceId& device, const std::string& driver) {
    if (TRY(kernel_.has_driver(device.bus, driver)))
        return {};
    auto none = base::fail(base::Code::kNotFound, "bind to " + driver, device.display(),
                           "the bus " + device.bus + " has no driver " + driver);
    record_step(Op::kBind, device, driver, StepResult::kFailed, none.value().text());
    return none;
}

Result<void> JournaledKernel::set_override(const DeviceTarget& target, const std::string& driver) {
    const bool clear = driver.empty();
    const std::string name = target.id.display();
    return write({clear ? Op::kClearOverride : Op::kSetOverride,
                  target.id,
                  driver,
                  {},
                  clear ? "clear the override of " + name : "override " + name + " to " + driver},
                 [&] { return kernel_.set_override(target, driver); });
}

Result<void> JournaledKernel::unbind(const DeviceTarget& target, const std::string& driver) {
    JournaledWrite what{
        Op::kUnbind, target.id, driver, {}, "unbind " + target.id.display() + " from " + driver};
    what.lost = {target.id};
    return write(what, [&] { return kernel_.unbind(target, driver); });
}

Result<void> JournaledKernel::bind(const DeviceTarget& target, const std::string& driver) {
    return write(
        {Op::kBind, target.id, driver, {}, "bind " + target.id.display() + " to " + driver},
        [&]() -> Result<void> {
            Result<void> done = kernel_.bind(target, driver);
            const bool already =
                !done && done.error().errnum == EBUSY && is_bound_to(target, driver);
            return already ? Result<void>() : done;
        });
}

/// A driver that is loaded is offered every unbound device and binds those whose override names it
/// (driver_attach): another transaction's load may have bound this device, which EBUSY reports.
bool JournaledKernel::is_bound_to(const DeviceTarget& target, const std::string& driver) {
    const auto now = kernel_.binding_state(target.id);
    return now && now->driver == driver;
}

Result<void> JournaledKernel::bind_with_retry(const DeviceTarget& target,
                                              const std::string& driver) {
    const std::string doing = "bind " + target.id.display() + " to " + driver;
    const auto deadline = Clock::now() + retry_timeout_;
    return write({Op::kBind, target.id, driver, {}, doing}, [&]() -> Result<void> {
        for (;;) {
            Result<void> done = kernel_.bind(target, driver);
            const bool is_transient =
                !done && (done.error().errnum == EBUSY || done.error().errnum == EAGAIN);
            if (!is_transient || Clock::now() >= deadline)
                return done;
            pause(kRetryInterval);
            // Bound meanwhile by the kernel itself: that is EBUSY too.
            if (is_bound_to(target, driver))
                return {};
            on_step_(doing);
        }
    });
}

Result<void> JournaledKernel::write_attr(const DeviceTarget& target, const std::string& attr,
                                         const std::string& value, const std::string& before) {
    return write({Op::kSetAttr, target.id, attr + "=" + value, attr + "=" + before,
                  "set " + attr + " of " + target.id.display()},
                 [&] { return kernel_.write_attr(target, attr, value); });
}

Result<void> JournaledKernel::set_vfs(const DeviceTarget& pf, std::uint32_t count,
                                      std::uint32_t before) {
    JournaledWrite what{Op::kSetVfs, pf.id, std::to_string(count), std::to_string(before),
                        "set the VFs of " + pf.id.display() + " to " + std::to_string(count)};
    if (direction_ == Direction::kForward)
        if (const auto now = kernel_.device(pf.id))
            what.lost = sysfs::vf_ids(*now);
    return write(what, [&] { return kernel_.set_vfs(pf, count); });
}

Result<void> JournaledKernel::create_mdev(const DeviceId& parent, const std::string& parent_name,
                                          const policy::MdevSpec& mdev) {
    const std::string uuid = mdev.uuid.value_or("");
    return write({Op::kCreateMdev, parent, uuid, encode_mdev(mdev),
                  "create mdev " + uuid + " on " + parent_name, DeviceId{"mdev", uuid}, mdev.type},
                 [&] { return kernel_.create_mdev(parent_name, mdev.type, uuid); });
}

Result<void> JournaledKernel::remove_mdev(const DeviceId& parent, const policy::MdevSpec& mdev) {
    const std::string uuid = mdev.uuid.value_or("");
    return write({Op::kRemoveMdev,
                  parent,
                  uuid,
                  encode_mdev(mdev),
                  "remove mdev " + uuid,
                  DeviceId{"mdev", uuid},
                  mdev.type,
                  {{"mdev", uuid}}},
                 [&] { return kernel_.remove_mdev(uuid); });
}

Result<void> JournaledKernel::set_access(const DeviceId& device, const std::string& node,
                                         const sysfs::NodeAccess& access,
                                         const std::string& shown) {
    // Setting nothing returns the present access.
    const auto before = kernel_.set_access(node, {});
    if (!before) {
        record_step(Op::kSetAccess, device, shown, StepResult::kFailed, before.error().text());
        return base::propagate(before);
    }
    return write({Op::kSetAccess, device, node, encode_access(*before),
                  "set access of /dev/vfio/" + node, device, shown},
                 [&]() -> Result<void> {
                     const auto done = kernel_.set_access(node, access);
                     return done ? Result<void>() : base::propagate(done);
                 });
}

void JournaledKernel::record_step(Op op, const DeviceId& device, const std::string& value,
                                  StepResult result, const std::string& error) {
    if (direction_ == Direction::kForward)
        steps_.end(steps_.begin(op, device, value), result, error);
}

bool JournaledKernel::wait_for(Milliseconds at_most, const std::string& what,
                               const std::function<bool()>& holds) {
    const auto deadline = Clock::now() + at_most;
    on_step_(what);
    while (!holds()) {
        if (Clock::now() >= deadline)
            return false;
        pause(kPollInterval);
        on_step_(what);
    }
    return true;
}

std::string encode_access(const sysfs::NodeAccess& access) {
    return encode_fields(access);
}

std::optional<sysfs::NodeAccess> decode_access(const std::string& text) {
    const auto access = decode_fields<sysfs::NodeAccess>(text, "the access of a node");
    return access ? std::optional(*access) : std::nullopt;
}

std::string encode_mdev(const policy::MdevSpec& mdev) {
    return mdev.attrs.empty() ? mdev.type : encode_fields(mdev);
}

policy::MdevSpec decode_mdev(const std::string& uuid, const std::string& text) {
    policy::MdevSpec mdev{.uuid = uuid, .count = {}, .type = text, .attrs = {}, .where = {}};
    if (text.starts_with('{'))
        if (const auto decoded = decode_fields<policy::MdevSpec>(text, "an mdev"))
            mdev = *decoded;
    return mdev;
}

}  // namespace binding
