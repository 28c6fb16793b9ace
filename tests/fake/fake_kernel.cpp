// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/fake/fake_kernel.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "tests/fake/kernel_rules.hpp"

namespace fake {
namespace {

using base::fail;
using base::fail_errno;
using base::Result;
using sysfs::Device;
using sysfs::DeviceId;
using sysfs::DeviceTarget;

constexpr int kPollIntervalMs = 1;

/// As in LiveKernel: a failed probe is a refusal, a missing driver is not found.
tl::unexpected<base::Error> failure(int errnum, const std::string& verb, const std::string& what,
                                    const std::string& object) {
    auto error = fail_errno(errnum, what, object);
    if ((verb == "bind" || verb == "unbind") && errnum == ENOENT)
        return fail(base::Code::kNotFound, what, object, "no such driver is registered");
    if (errnum == ENODEV || errnum == ENXIO || errnum == EINVAL)
        error.value().code = base::Code::kRefused;
    return error;
}

}  // namespace

void FakeKernel::create(const std::string& path, const KernelState& world) {
    SharedKernelState(path).create(world);
}

unsigned FakeKernel::crash_point(const std::string& what) {
    const char kind = what.ends_with(" write") ? 'w' : what.ends_with(" sync") ? 's' : '.';
    const unsigned moment = world_.tick(kind);
    if (moment != world_.read().faults.kill_at)
        return moment;
    switch (world_.read().faults.death) {
        case KillScope::kProcess:
            ::kill(::getpid(), SIGKILL);
            break;
        case KillScope::kProcessGroup:
            ::kill(0, SIGKILL);
            break;
        case KillScope::kParent:
            ::kill(::getpgrp(), SIGKILL);
            break;
    }
    ::pause();
    return moment;
}

void FakeKernel::wait_until(const std::function<bool(const KernelState&)>& holds) {
    while (!holds(world_.read()))
        ::poll(nullptr, 0, kPollIntervalMs);
}

Result<void> FakeKernel::write(const std::string& verb, const std::string& what,
                               const std::string& object, const KernelRule& rule) {
    crash_point(verb);
    int errnum = 0;
    bool hangs = false;
    world_.change([&](KernelState& world) {
        const unsigned step = ++world.writes;
        hangs =
            world.faults.hang.contains(step) || world.faults.hang_on.contains(verb + " " + object);
        const auto failing = world.faults.fail.find(step);
        if (on_write)
            on_write(step, Moment::kBefore, world);
        if (!hangs)
            errnum = failing == world.faults.fail.end() ? rule(world) : failing->second;
        if (on_write)
            on_write(step, Moment::kAfter, world);
        world.trace.push_back(object + ": " + what + (hangs ? ": hangs" : "") +
                              (errnum != 0 ? ": " + std::to_string(errnum) : ""));
    });
    if (hangs)
        wait_until([](const KernelState&) { return false; });
    crash_point(verb + " returned");
    if (errnum != 0)
        return failure(errnum, verb, what, object);
    return {};
}

Result<void> FakeKernel::write_to(const DeviceTarget& target, const std::string& verb,
                                  const std::string& what,
                                  const std::function<int(KernelState&, Device&)>& rule) {
    // The open directory of a device that went away is not that of the next one at its address.
    const auto find = [&](KernelState& now) -> Device* {
        const auto there = now.devices.find(target.id);
        const bool same = there != now.devices.end() && there->second.ids == target.identity.ids &&
                          there->second.modalias == target.identity.modalias;
        return same ? &there->second : nullptr;
    };
    KernelState world = world_.read();
    if (find(world) == nullptr)
        return fail(base::Code::kGone, what, target.id.display(), "another device, or none");
    return write(verb, what, target.id.display(), [&](KernelState& now) {
        Device* const device = find(now);
        return device == nullptr ? ENODEV : rule(now, *device);
    });
}

Result<void> FakeKernel::load_module(const std::string& module) {
    return write("load_module", "load", module,
                 [&](KernelState& world) { return fake::load_module(world, module); });
}

Result<void> FakeKernel::set_override(const DeviceTarget& target, const std::string& driver) {
    return write_to(target, "set_override", "set driver_override to '" + driver + "'",
                    [&](KernelState& world, Device& device) {
                        return fake::set_override(world, device, driver);
                    });
}

/// The link is removed at once; the write returns when the last fd of a VFIO device is closed.
Result<void> FakeKernel::unbind(const DeviceTarget& target, const std::string& driver) {
    bool waits = false;
    const auto done = write_to(target, "unbind", "unbind from " + driver,
                               [&](KernelState& world, Device& device) {
                                   if (device.driver != driver)
                                       return ENODEV;
                                   waits = is_vfio_bound(device) && world.is_open(device.id);
                                   if (waits)
                                       world.leaving.insert(device.id);
                                   else
                                       finish_unbind(world, device);
                                   return 0;
                               });
    if (done && waits)
        wait_until([&](const KernelState& world) { return !world.leaving.contains(target.id); });
    return done;
}

Result<void> FakeKernel::bind(const DeviceTarget& target, const std::string& driver) {
    // The device's lock is held by the unbind that waits.
    wait_until([&](const KernelState& world) { return !world.leaving.contains(target.id); });
    return write_to(target, "bind", "bind to " + driver, [&](KernelState& world, Device& device) {
        return fake::bind(world, device, driver);
    });
}

Result<void> FakeKernel::write_attr(const DeviceTarget& target, const std::string& attr,
                                    const std::string& value) {
    return write_to(target, "write_attr", "set " + attr + " to " + value,
                    [&](KernelState& world, Device& device) {
                        if (attr == "nvidia/current_vgpu_type" && device.vgpu)
                            return set_vgpu(world, device, value);
                        if (attr == "sriov_drivers_autoprobe" && device.sriov) {
                            device.sriov->autoprobe = value == "1";
                            return 0;
                        }
                        if (!device.attrs.contains(attr))
                            return ENOENT;
                        if (attr.ends_with("_resize"))
                            return resize_bar(device, attr, value);
                        device.attrs[attr] = value;
                        return 0;
                    });
}

Result<void> FakeKernel::create_mdev(const std::string& parent, const std::string& type,
                                     const std::string& uuid) {
    return write("create_mdev", "create " + type + " on " + parent, uuid,
                 [&](KernelState& world) { return fake::create_mdev(world, parent, type, uuid); });
}

Result<void> FakeKernel::remove_mdev(const std::string& uuid) {
    const DeviceId id{"mdev", uuid};
    // Blocks while it is open, as an unbind does.
    wait_until([&](const KernelState& world) { return !world.is_open(id); });
    return write("remove_mdev", "remove", uuid, [&](KernelState& world) {
        if (!world.devices.contains(id))
            return ENOENT;
        fake::remove_mdev(world, uuid);
        return 0;
    });
}

Result<void> FakeKernel::set_vfs(const DeviceTarget& pf, std::uint32_t count) {
    return write_to(
        pf, "set_vfs", "set VFs to " + std::to_string(count),
        [&](KernelState& world, Device& device) { return fake::set_vfs(world, device, count); });
}

void FakeKernel::close(const DeviceId& device) {
    world_.change([&](KernelState& world) {
        std::erase_if(world.opened, [&](const OpenHolder& one) { return one.device == device; });
        if (world.leaving.erase(device) != 0)
            finish_unbind(world, world.devices.at(device));
    });
}

}  // namespace fake
