// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/writer.hpp"

#include <poll.h>

#include <cerrno>

#include "binding/json.hpp"

namespace binding {
namespace {

using policy::Op;
using policy::StepResult;
using sysfs::DeviceId;
using sysfs::Result;
using sysfs::Target;
using Clock = std::chrono::steady_clock;

constexpr Milliseconds kLookAgain{5};
constexpr Milliseconds kAskAgain{50};

void pause(Milliseconds time) {
    ::poll(nullptr, 0, static_cast<int>(time.count()));
}

}  // namespace

Result<void> Writer::write(const Write& what, const Verb& verb) {
    const unsigned step = step_++;
    const bool forward = way_ == Way::kForward;
    const std::size_t at = forward ? steps_.begin(what.op, what.shown_device.value_or(what.device),
                                                  what.shown_value.value_or(what.value))
                                   : 0;
    // A write on the way back has nothing that a later undo would have to put back.
    const auto intended =
        journal_.append(IntentRecord{txn_, step, what.op, what.device, what.value,
                                     forward ? what.before : std::string()},
                        Sync::kNow);
    if (!intended && forward) {
        steps_.end(at, StepResult::kFailed, intended.error().text());
        return intended;
    }
    notes_.doing(what.doing);
    Result<void> done = verb();
    const int errnum = done ? 0 : done.error().errnum != 0 ? done.error().errnum : EIO;
    // Not being able to note that it came back changes nothing: an undo looks at the kernel.
    (void)journal_.append(DoneRecord{txn_, step, errnum}, Sync::kLater);
    if (forward)
        steps_.end(at, done ? StepResult::kDone : StepResult::kFailed,
                   done ? std::string() : done.error().text());
    return done;
}

Result<void> Writer::load_module(const DeviceId& for_device, const std::string& module) {
    return write({Op::kLoadModule, for_device, module, {}, "load module " + module},
                 [&] { return kernel_.load_module(module); });
}

Result<void> Writer::set_override(const Target& target, const std::string& driver) {
    const bool clear = driver.empty();
    const std::string name = target.id.display();
    return write({clear ? Op::kClearOverride : Op::kSetOverride, target.id, driver, {},
                  clear ? "clear the override of " + name : "override " + name + " to " + driver},
                 [&] { return kernel_.set_override(target, driver); });
}

Result<void> Writer::unbind(const Target& target, const std::string& driver) {
    return write({Op::kUnbind, target.id, driver, {},
                  "unbind " + target.id.display() + " from " + driver},
                 [&] { return kernel_.unbind(target, driver); });
}

Result<void> Writer::bind(const Target& target, const std::string& driver) {
    return write({Op::kBind, target.id, driver, {}, "bind " + target.id.display() + " to " + driver},
                 [&]() -> Result<void> {
                     Result<void> done = kernel_.bind(target, driver);
                     const bool already = !done && done.error().errnum == EBUSY && is_on(target, driver);
                     return already ? Result<void>() : done;
                 });
}

/// A driver that is being loaded is offered every device that has none, and takes those whose override
/// names it (driver_attach): another transaction's load may have bound this one, and EBUSY says so.
bool Writer::is_on(const Target& target, const std::string& driver) {
    const auto now = kernel_.standing(target.id);
    return now && now->driver == driver;
}

Result<void> Writer::bind_patiently(const Target& target, const std::string& driver) {
    const std::string doing = "bind " + target.id.display() + " to " + driver;
    const auto deadline = Clock::now() + patience_;
    return write({Op::kBind, target.id, driver, {}, doing}, [&]() -> Result<void> {
        for (;;) {
            Result<void> done = kernel_.bind(target, driver);
            const bool again =
                !done && (done.error().errnum == EBUSY || done.error().errnum == EAGAIN);
            if (!again || Clock::now() >= deadline)
                return done;
            pause(kAskAgain);
            // Bound meanwhile by the kernel itself: EBUSY says "already" too.
            if (is_on(target, driver))
                return {};
            notes_.doing(doing);
        }
    });
}

Result<void> Writer::write_attr(const Target& target, const std::string& attr,
                                const std::string& value, const std::string& before) {
    return write({Op::kSetAttr, target.id, attr + "=" + value, attr + "=" + before,
                  "set " + attr + " of " + target.id.display()},
                 [&] { return kernel_.write_attr(target, attr, value); });
}

Result<void> Writer::set_vfs(const Target& pf, std::uint32_t count, std::uint32_t before) {
    return write({Op::kSetVfs, pf.id, std::to_string(count), std::to_string(before),
                  "set the VFs of " + pf.id.display() + " to " + std::to_string(count)},
                 [&] { return kernel_.set_vfs(pf, count); });
}

Result<void> Writer::create_mdev(const DeviceId& parent, const std::string& parent_name,
                                 const std::string& type, const std::string& uuid) {
    return write({Op::kCreateMdev, parent, uuid, type, "create mdev " + uuid + " on " + parent_name,
                  DeviceId{"mdev", uuid}, type},
                 [&] { return kernel_.create_mdev(parent_name, type, uuid); });
}

Result<void> Writer::remove_mdev(const DeviceId& parent, const std::string& type,
                                 const std::string& uuid) {
    return write({Op::kRemoveMdev, parent, uuid, type, "remove mdev " + uuid,
                  DeviceId{"mdev", uuid}, type},
                 [&] { return kernel_.remove_mdev(uuid); });
}

Result<void> Writer::set_access(const DeviceId& device, const std::string& node,
                                const sysfs::NodeAccess& access, const std::string& shown) {
    // Setting nothing changes nothing and tells what is there.
    const auto before = kernel_.set_access(node, {});
    if (!before) {
        note_step(Op::kSetAccess, device, shown, StepResult::kFailed, before.error().text());
        return sysfs::propagate(before);
    }
    return write({Op::kSetAccess, device, node, access_text(*before),
                  "set access of /dev/vfio/" + node, device, shown},
                 [&]() -> Result<void> {
                     const auto done = kernel_.set_access(node, access);
                     return done ? Result<void>() : sysfs::propagate(done);
                 });
}

void Writer::note_step(Op op, const DeviceId& device, const std::string& value, StepResult result,
                       const std::string& error) {
    if (way_ == Way::kForward)
        steps_.end(steps_.begin(op, device, value), result, error);
}

bool Writer::wait_for(Milliseconds at_most, const std::string& what,
                      const std::function<bool()>& holds) {
    const auto deadline = Clock::now() + at_most;
    notes_.doing(what);
    while (!holds()) {
        if (Clock::now() >= deadline)
            return false;
        pause(kLookAgain);
        notes_.doing(what);
    }
    return true;
}

std::string access_text(const sysfs::NodeAccess& access) {
    return dump({{"uid", or_null(access.uid)},
                 {"gid", or_null(access.gid)},
                 {"mode", or_null(access.mode)}});
}

std::optional<sysfs::NodeAccess> access_of(const std::string& text) {
    const Json object = Json::parse(text, nullptr, false);
    if (!object.is_object())
        return std::nullopt;
    const auto number = [&](const char* key) -> std::optional<std::uint32_t> {
        const auto at = object.find(key);
        if (at == object.end() || !at->is_number_unsigned())
            return std::nullopt;
        return at->get<std::uint32_t>();
    };
    return sysfs::NodeAccess{number("uid"), number("gid"), number("mode")};
}

}  // namespace binding
