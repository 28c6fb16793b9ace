// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/udev_events.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>

namespace bindd {
namespace {

/// A burst of thousands of VFs fits; udevd itself asks for as much.
constexpr int kBufferBytes = 128 * 1024 * 1024;
constexpr const char* kUdevIsThere = "/run/udev/control";

std::string_view text(const char* value) {
    return value == nullptr ? std::string_view() : std::string_view(value);
}

HostEvent::Kind kind_of(std::string_view action) {
    if (action == "add")
        return HostEvent::Kind::kPlugged;
    if (action == "remove")
        return HostEvent::Kind::kUnplugged;
    return HostEvent::Kind::kChanged;
}

/// The device whose facts the event is about: a netdev's name is its parent's.
std::optional<HostEvent> event_of(udev_device* device) {
    const std::string_view subsystem = text(udev_device_get_subsystem(device));
    const std::string_view name = text(udev_device_get_sysname(device));
    const std::string_view action = text(udev_device_get_action(device));
    if (subsystem == "module")
        return HostEvent{.kind = HostEvent::Kind::kModules, .device = {}};
    // A parent of mediated devices that sits on no bus: mtty, vfio_ap's matrix.
    const bool offers_mdevs = !text(udev_device_get_property_value(device, "MDEV_STATE")).empty();
    if (subsystem == "net") {
        udev_device* parent = udev_device_get_parent(device);
        if (parent == nullptr)
            return std::nullopt;
        return HostEvent{.kind = HostEvent::Kind::kChanged,
                         .device = {std::string(text(udev_device_get_subsystem(parent))),
                                    std::string(text(udev_device_get_sysname(parent)))}};
    }
    const std::string bus = "/sys/bus/" + std::string(subsystem);
    const bool on_bus = !subsystem.empty() && ::access(bus.c_str(), F_OK) == 0;
    if (!on_bus && !offers_mdevs)
        return std::nullopt;
    return HostEvent{.kind = kind_of(action),
                     .device = {on_bus ? std::string(subsystem) : "mdev_parent", std::string(name)}};
}

}  // namespace

sysfs::Result<std::unique_ptr<UdevEvents>> UdevEvents::listen(sd_event* event) {
    Owned<udev> handle(udev_new());
    const char* from = ::access(kUdevIsThere, F_OK) == 0 ? "udev" : "kernel";
    Owned<udev_monitor> monitor(
        handle ? udev_monitor_new_from_netlink(handle.get(), from) : nullptr);
    if (!monitor)
        return sysfs::fail_errno(errno, "listen", "uevents");
    // Without CAP_NET_ADMIN the kernel gives what it gives everyone; losing events is dealt with.
    (void)udev_monitor_set_receive_buffer_size(monitor.get(), kBufferBytes);
    if (const int failed = udev_monitor_enable_receiving(monitor.get()); failed < 0)
        return sysfs::fail_errno(-failed, "listen", "uevents");
    return std::unique_ptr<UdevEvents>(
        new UdevEvents(event, std::move(handle), std::move(monitor)));
}

UdevEvents::UdevEvents(sd_event* event, Owned<udev> handle, Owned<udev_monitor> monitor)
    : event_(event), udev_(std::move(handle)), monitor_(std::move(monitor)) {}

void UdevEvents::start(std::function<void(const HostEvent&)> call) {
    call_ = std::move(call);
    watch_ = std::make_unique<IoWatch>(event_, udev_monitor_get_fd(monitor_.get()), EPOLLIN,
                                       [this](std::uint32_t) { receive(); });
}

void UdevEvents::receive() {
    for (;;) {
        errno = 0;
        const Owned<udev_device> device(udev_monitor_receive_device(monitor_.get()));
        if (device) {
            tell(device.get());
        } else if (errno == ENOBUFS) {
            call_({.kind = HostEvent::Kind::kLost, .device = {}});
        } else {
            return;
        }
    }
}

void UdevEvents::tell(udev_device* device) {
    const auto event = event_of(device);
    if (!event)
        return;
    const bool named = event->kind == HostEvent::Kind::kModules || event->device.bus == "mdev_parent" ||
                       (sysfs::parse_bus_name(event->device.bus) &&
                        sysfs::parse_device_name(event->device.name));
    if (named)
        call_(*event);
}

}  // namespace bindd
