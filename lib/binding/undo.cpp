// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/undo.hpp"

#include <algorithm>
#include <cerrno>

#include "binding/restore.hpp"
#include "sysfs/names.hpp"

namespace binding {
namespace {

using policy::Op;
using sysfs::Device;
using sysfs::DeviceId;
using sysfs::Result;
using sysfs::Target;

constexpr const char* kAutoprobeWrite = "sriov_drivers_autoprobe=";

/// Did this transaction mean to write `value` there? Its intents are all it can have written.
bool meant(const InFlight& flight, const DeviceId& device, std::initializer_list<Op> ops,
           const std::string& value) {
    return std::any_of(flight.intents.begin(), flight.intents.end(), [&](const IntentRecord& i) {
        return i.device == device && i.value == value &&
               std::find(ops.begin(), ops.end(), i.op) != ops.end();
    });
}

bool touched_binding(const InFlight& flight, const DeviceId& device) {
    return std::any_of(flight.intents.begin(), flight.intents.end(), [&](const IntentRecord& i) {
        return i.device == device && (i.op == Op::kSetOverride || i.op == Op::kClearOverride ||
                                      i.op == Op::kUnbind || i.op == Op::kBind);
    });
}

/// Undoes one write of the kind that Held does not cover.
class EffectUndo {
  public:
    EffectUndo(Writer& writer, const Target& target) : writer_(writer), target_(target) {}

    Result<void> operator()(const IntentRecord& intent) {
        if (intent.before.empty())
            return {};  // written by an undo itself
        switch (intent.op) {
            case Op::kCreateMdev: return remove_mdev(intent);
            case Op::kRemoveMdev: return create_mdev(intent);
            case Op::kSetVfs: return set_vfs(intent);
            case Op::kSetAttr: return set_attr(intent);
            case Op::kSetAccess: return set_access(intent);
            case Op::kLoadModule:
            case Op::kSetOverride:
            case Op::kClearOverride:
            case Op::kUnbind:
            case Op::kBind:
            case Op::kCheckOpen: return {};
        }
        return {};
    }

  private:
    [[nodiscard]] bool mdev_is_there(const IntentRecord& intent) {
        const auto mdev = writer_.kernel().device({"mdev", intent.value});
        return mdev && mdev->mdev && mdev->mdev->parent == parent_name() &&
               mdev->mdev->type == intent.before;
    }
    [[nodiscard]] std::string parent_name() {
        const auto now = writer_.kernel().device(target_.id);
        return now ? now->mdev_parent_name : std::string();
    }
    Result<void> remove_mdev(const IntentRecord& intent) {
        if (!mdev_is_there(intent))
            return {};
        return writer_.remove_mdev(target_.id, intent.before, intent.value);
    }
    Result<void> create_mdev(const IntentRecord& intent) {
        if (mdev_is_there(intent))
            return {};
        return writer_.create_mdev(target_.id, parent_name(), intent.before, intent.value);
    }
    Result<void> set_vfs(const IntentRecord& intent) {
        const auto before = sysfs::parse_decimal(intent.before);
        const auto fresh = writer_.kernel().device(target_.id);
        if (!before || !fresh || !fresh->sriov || fresh->sriov->enabled == *before)
            return {};
        const auto wanted = static_cast<std::uint32_t>(*before);
        // From one number to another only by way of none (EBUSY otherwise).
        if (fresh->sriov->enabled != 0 && wanted != 0)
            if (auto none = writer_.set_vfs(target_, 0, fresh->sriov->enabled); !none)
                return none;
        return writer_.set_vfs(target_, wanted, 0);
    }
    Result<void> set_attr(const IntentRecord& intent) {
        const std::size_t equals = intent.before.find('=');
        if (equals == std::string::npos)
            return {};
        const std::string attr = intent.before.substr(0, equals);
        return writer_.write_attr(target_, attr, intent.before.substr(equals + 1),
                                  intent.value.substr(std::min(equals + 1, intent.value.size())));
    }
    Result<void> set_access(const IntentRecord& intent) {
        const auto before = access_of(intent.before);
        if (!before)
            return {};
        const Result<void> done = writer_.set_access(target_.id, intent.value, *before, {});
        // The node goes with the binding, and its owner with it.
        const bool gone = !done && (done.error().code == sysfs::Code::kNotFound ||
                                    done.error().code == sysfs::Code::kGone);
        return gone ? Result<void>() : done;
    }

    Writer& writer_;
    const Target& target_;
};

class DeviceUndo {
  public:
    DeviceUndo(Writer& writer, const InFlight& flight, const Held& held, Undone& undone)
        : writer_(writer), flight_(flight), held_(held), undone_(undone),
          target_{held.device, held.identity} {}

    void run() {
        const auto now = writer_.kernel().standing(held_.device);
        if (!now)
            return note("went away");
        if (!same_device(now->identity(), held_.identity))
            return note("is another device now");
        target_.identity = now->identity();
        undo_effects();
        if (touched_binding(flight_, held_.device))
            undo_binding(*now);
    }

  private:
    void note(const std::string& what) {
        undone_.notes.push_back(held_.device.display() + " " + what);
    }
    void check(const Result<void>& done) {
        if (done)
            return;
        undone_.errors.push_back(done.error().text());
        // Someone holds it, or the kernel wants to be asked later: the next run may succeed.
        if (done.error().errnum == EBUSY || done.error().errnum == EAGAIN)
            undone_.owed = true;
    }
    /// Autoprobe goes back first: VFs that there were before came with their native drivers.
    void undo_effects() {
        EffectUndo effect(writer_, target_);
        for (const IntentRecord& intent : flight_.intents)
            if (is_autoprobe(intent)) {
                check(effect(intent));
                break;
            }
        for (auto at = flight_.intents.rbegin(); at != flight_.intents.rend(); ++at)
            if (at->device == held_.device && !is_autoprobe(*at))
                check(effect(*at));
    }
    [[nodiscard]] bool is_autoprobe(const IntentRecord& intent) const {
        return intent.op == Op::kSetAttr && intent.device == held_.device &&
               intent.before.starts_with(kAutoprobeWrite);
    }
    void undo_binding(const Device& now) {
        const Held::Origin& before = held_.before;
        const std::string override_now = now.driver_override.value_or("");
        const bool driver_ours =
            now.driver == before.driver || !now.driver ||
            meant(flight_, held_.device, {Op::kBind, Op::kSetOverride}, *now.driver);
        const bool override_ours =
            now.driver_override == before.driver_override ||
            meant(flight_, held_.device, {Op::kSetOverride, Op::kClearOverride}, override_now);
        if (!driver_ours)
            return note("is on " + *now.driver + ", which is not our doing: left alone");
        if (!override_ours)
            return note("has the override " + override_now +
                        ", which is not our doing: left alone");
        check(restore(writer_, target_, now, before));
    }

    Writer& writer_;
    const InFlight& flight_;
    const Held& held_;
    Undone& undone_;
    Target target_;
};

}  // namespace

Undone undo(Writer& writer, const InFlight& flight) {
    Undone undone;
    writer.turn_back();
    for (auto held = flight.begin.devices.rbegin(); held != flight.begin.devices.rend(); ++held)
        DeviceUndo(writer, flight, *held, undone).run();
    return undone;
}

}  // namespace binding
