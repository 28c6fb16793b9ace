// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/kernel/live_kernel.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "base/try.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/device/udev_db.hpp"
#include "sysfs/kernel/abandonable_usage.hpp"
#include "sysfs/kernel/device_target.hpp"
#include "sysfs/kernel/errno_hint.hpp"
#include "sysfs/kernel/node_access.hpp"
#include "sysfs/module/module_loader.hpp"

namespace sysfs {
namespace {

const Root kLiveRoot{};

/// The error of a write, with the operation of the caller instead of the file name.
tl::unexpected<base::Error> refused(const base::Error& cause, std::string operation,
                                    std::string object, const std::string& hint = {}) {
    base::Error error = cause;
    error.operation = std::move(operation);
    error.object = std::move(object);
    error.hint = hint.empty() ? cause.hint : hint;
    return tl::unexpected<base::Error>(std::move(error));
}

tl::unexpected<base::Error> gone(std::string operation, std::string object) {
    return base::fail(base::Code::kGone, std::move(operation), std::move(object),
                      "the device went meanwhile");
}

/// ENODEV from the probe of a present device is a refusal, not an absence.
base::Error as_refusal(base::Error error) {
    if (error.errnum == ENODEV || error.errnum == ENXIO || error.errnum == EINVAL)
        error.code = base::Code::kRefused;
    return error;
}

}  // namespace

base::Result<Inventory> LiveKernel::inventory(const ScanOptions& wanted) {
    return read_inventory(kLiveRoot, wanted, hanging());
}

base::Result<Device> LiveKernel::device(const DeviceId& id) {
    if (hanging() == HangingReads::kWait)
        return read_device(kLiveRoot, id, ScanOptions{});
    Inventory found = TRY(devices(std::span(&id, 1), ScanOptions{}));
    if (found.devices.empty())
        return base::fail(base::Code::kNotFound, {}, id.display(), "no such device");
    return std::move(found.devices.front());
}

base::Result<Inventory> LiveKernel::devices(std::span<const DeviceId> ids,
                                            const ScanOptions& wanted) {
    return read_devices(kLiveRoot, ids, wanted, hanging());
}

base::Result<Device> LiveKernel::binding_state(const DeviceId& id) {
    return handle_.binding_state(id);
}

bool LiveKernel::is_present(const DeviceTarget& target) {
    return open_target(target, "check").has_value();
}

std::optional<std::string> LiveKernel::property(const DeviceId& id, const std::string& name) {
    return udev_property(kLiveRoot, id, name);
}

std::optional<std::string> LiveKernel::attribute(const DeviceTarget& target,
                                                 const std::string& name) {
    const auto device = handle_.directory(target, "read " + name);
    return device && parse_attr_name(name) ? (*device)->attr(name) : std::nullopt;
}

base::Result<Drivers> LiveKernel::drivers(const ScanOptions& wanted) {
    return read_drivers(kLiveRoot, wanted);
}

base::Result<std::vector<std::string>> LiveKernel::modules_for(const std::string& modalias) {
    return modules_for_alias(modalias);
}

// module_add_driver() links every driver as "<bus>:<driver>" below its module, also a built-in one.
base::Result<std::optional<std::string>> LiveKernel::driver_for(const std::string& bus,
                                                                const std::string& module) {
    if (!parse_bus_name(bus) || !parse_module_name(module))
        return base::fail(base::Code::kInvalid, "look up the driver", module,
                          "bus or module is malformed");
    const auto drivers = base::Dir::open("/sys/module/" + normalise_module(module) + "/drivers");
    if (!drivers)
        return std::nullopt;
    for (const auto& entry : TRY(drivers->entries()))
        if (entry.starts_with(bus + ":"))
            return entry.substr(bus.size() + 1);
    return std::nullopt;
}

base::Result<bool> LiveKernel::has_driver(const std::string& bus, const std::string& driver) {
    if (!parse_bus_name(bus) || !parse_driver_name(driver))
        return base::fail(base::Code::kInvalid, "look up the driver", driver,
                          "bus or driver is malformed");
    return base::Dir::open("/sys/bus/" + bus + "/drivers/" + driver).has_value();
}

Usage LiveKernel::usage(const Inventory& inventory, std::span<const DeviceId> devices) {
    return hanging() == HangingReads::kAbandon
               ? read_usage_abandonably(kLiveRoot, inventory, devices)
               : read_usage(kLiveRoot, inventory, devices);
}

base::Result<void> LiveKernel::load_module(const std::string& module) {
    return load_kernel_module(module);
}

// driver_set_override(): "\n" clears; a zero-length write never reaches the store; the name is not
// checked.
base::Result<void> LiveKernel::set_override(const DeviceTarget& target, const std::string& driver) {
    const std::string operation =
        driver.empty() ? "clear driver_override" : "set driver_override to " + driver;
    const std::string object = target.id.display();
    if (!driver.empty() && !parse_driver_name(driver))
        return base::fail(base::Code::kInvalid, operation, object,
                          "this could not be a driver's name");
    const base::Dir& device = *TRY(handle_.directory(target, operation));
    const auto written = device.write("driver_override", driver.empty() ? "\n" : driver);
    if (written)
        return {};
    if (!is_alive(device))
        return gone(operation, object);
    if (!device.has("driver_override")) {
        return base::fail(
            base::Code::kUnsupported, operation, object,
            fmt::format("this kernel's bus {} has no driver_override", target.id.bus));
    }
    return refused(written.error(), operation, object,
                   attr_hint("driver_override", written.error().errnum));
}

// Writes through the `driver` link of the open directory: the name alone would reach any device
// that has the address now. unbind_store() returns ENODEV for a device of another driver.
base::Result<void> LiveKernel::unbind(const DeviceTarget& target, const std::string& driver) {
    const std::string operation = "unbind from " + driver;
    const std::string object = target.id.display();
    const base::Dir& device = *TRY(handle_.directory(target, operation));
    const auto bound = device.link_name("driver");
    if (bound != driver) {
        auto failure = base::fail_errno(ENODEV, operation, object);
        failure.value().code = base::Code::kRefused;
        failure.value().reason = bound ? "it is bound to " + *bound : "it is bound to no driver";
        return failure;
    }
    const auto written = device.write("driver/unbind", target.id.name);
    if (written)
        return {};
    if (!is_alive(device))
        return gone(operation, object);
    return refused(as_refusal(written.error()), operation, object);
}

// The only write by name: drivers/<driver>/bind looks the device up on the bus. It follows the
// identity check at once. A device that was replaced in between is detected afterwards, since its
// open directory is empty.
base::Result<void> LiveKernel::bind(const DeviceTarget& target, const std::string& driver) {
    const std::string operation = "bind to " + driver;
    const std::string object = target.id.display();
    if (!parse_driver_name(driver))
        return base::fail(base::Code::kInvalid, operation, object,
                          "this could not be a driver's name");
    const base::Dir& device = *TRY(handle_.directory(target, operation));
    const auto directory = base::Dir::open("/sys/bus/" + target.id.bus + "/drivers/" + driver);
    if (!directory) {
        if (directory.error().code != base::Code::kNotFound)
            return refused(directory.error(), operation, object);
        return base::fail(
            base::Code::kNotFound, operation, object,
            fmt::format("no driver {} is registered on the bus {}", driver, target.id.bus),
            "load its module first");
    }
    const auto written = directory->write("bind", target.id.name);
    if (!is_alive(device))
        return gone(operation, object);
    if (written)
        return {};
    return refused(as_refusal(written.error()), operation, object,
                   bind_hint(device, driver, written.error().errnum));
}

base::Result<void> LiveKernel::write_attr(const DeviceTarget& target, const std::string& attr,
                                          const std::string& value) {
    const std::string operation = fmt::format("write {} to {}", value, attr);
    const std::string object = target.id.display();
    if (!parse_attr_name(attr))
        return base::fail(base::Code::kInvalid, operation, object,
                          "this could not be an attribute's name");
    const base::Dir& device = *TRY(handle_.directory(target, operation));
    // A zero-length write never reaches a store; a newline is the empty value.
    const auto written = device.write(attr, value.empty() ? "\n" : value);
    if (written)
        return {};
    if (!is_alive(device))
        return gone(operation, object);
    return refused(written.error(), operation, object, attr_hint(attr, written.error().errnum));
}

base::Result<void> LiveKernel::set_vfs(const DeviceTarget& pf, std::uint32_t count) {
    const std::string operation = fmt::format("set VFs to {}", count);
    const std::string object = pf.id.display();
    const base::Dir& device = *TRY(handle_.directory(pf, operation));
    if (!device.has("sriov_numvfs"))
        return base::fail(base::Code::kUnsupported, operation, object,
                          "it is no SR-IOV physical function");
    const auto written = device.write("sriov_numvfs", std::to_string(count));
    if (written)
        return {};
    if (!is_alive(device))
        return gone(operation, object);
    return refused(written.error(), operation, object, vfs_hint(device, written.error().errnum));
}

base::Result<void> LiveKernel::create_mdev(const std::string& parent, const std::string& type,
                                           const std::string& uuid) {
    const std::string operation = "create a mediated device of type " + type;
    const std::string& object = uuid;
    if (!parse_device_name(parent) || !parse_mdev_type(type) || !parse_uuid(uuid))
        return base::fail(base::Code::kInvalid, operation, object,
                          "parent, type or UUID is malformed");
    const auto directory = base::Dir::open("/sys/class/mdev_bus/" + parent);
    if (!directory)
        return base::fail(base::Code::kNotFound, operation, object,
                          "there is no mdev parent " + parent);
    const auto types = directory->sub("mdev_supported_types/" + type);
    if (!types) {
        return base::fail(base::Code::kNotFound, operation, object,
                          fmt::format("the parent {} offers no type {}", parent, type));
    }
    const auto written = types->write("create", uuid);
    if (written)
        return {};
    base::Error error = written.error();
    if (error.errnum == EUSERS || error.errnum == ENOSPC)
        error.code = base::Code::kRefused;
    return refused(error, operation, object, mdev_hint(error.errnum));
}

base::Result<void> LiveKernel::remove_mdev(const std::string& uuid) {
    const std::string operation = "remove the mediated device";
    const auto name = parse_uuid(uuid);
    if (!name)
        return base::fail(base::Code::kInvalid, operation, uuid, "this is no UUID");
    const auto device = base::Dir::open("/sys/bus/mdev/devices/" + *name);
    if (!device)
        return base::fail(base::Code::kNotFound, operation, uuid,
                          "there is no such mediated device");
    const auto written = device->write("remove", "1");
    if (written)
        return {};
    // remove_store() answers EAGAIN when another remove of it is under way.
    return is_alive(*device) ? refused(written.error(), operation, uuid) : gone(operation, uuid);
}

base::Result<NodeAccess> LiveKernel::set_access(const std::string& node, const NodeAccess& access) {
    return change_access("/dev/vfio", node, access, std::chrono::seconds(1));
}

}  // namespace sysfs
