// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/udev_monitor.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>

namespace bindd {
namespace {

/// Holds a burst of thousands of VFs; udevd uses the same size.
constexpr int kBufferBytes = 128 * 1024 * 1024;
constexpr const char* kUdevControlSocket = "/run/udev/control";

std::string_view text(const char* value) {
    return value == nullptr ? std::string_view() : std::string_view(value);
}

HostEvent::EventKind parse_action(std::string_view action) {
    if (action == "add")
        return HostEvent::EventKind::kAdded;
    if (action == "remove")
        return HostEvent::EventKind::kRemoved;
    if (action == "bind")
        return HostEvent::EventKind::kBound;
    return HostEvent::EventKind::kChanged;
}

/// The device whose facts the event is about: a netdev's name is its parent's.
std::optional<HostEvent> parse_event(udev_device* device) {
    const std::string_view subsystem = text(udev_device_get_subsystem(device));
    const std::string_view name = text(udev_device_get_sysname(device));
    const std::string_view action = text(udev_device_get_action(device));
    if (subsystem == "module")
        return HostEvent{.kind = HostEvent::EventKind::kModules, .device = {}};
    // A parent of mediated devices that is on no bus: mtty, vfio_ap's matrix.
    const bool offers_mdevs = !text(udev_device_get_property_value(device, "MDEV_STATE")).empty();
    if (subsystem == "net") {
        udev_device* parent = udev_device_get_parent(device);
        if (parent == nullptr)
            return std::nullopt;
        return HostEvent{.kind = HostEvent::EventKind::kChanged,
                         .device = {std::string(text(udev_device_get_subsystem(parent))),
                                    std::string(text(udev_device_get_sysname(parent)))}};
    }
    const std::string bus = "/sys/bus/" + std::string(subsystem);
    const bool on_bus = !subsystem.empty() && ::access(bus.c_str(), F_OK) == 0;
    if (!on_bus && !offers_mdevs)
        return std::nullopt;
    return HostEvent{
        .kind = parse_action(action),
        .device = {on_bus ? std::string(subsystem) : "mdev_parent", std::string(name)}};
}

}  // namespace

base::Result<std::unique_ptr<UdevMonitor>> UdevMonitor::listen(sd_event* event) {
    Owned<udev> handle(udev_new());
    const char* from = ::access(kUdevControlSocket, F_OK) == 0 ? "udev" : "kernel";
    Owned<udev_monitor> monitor(handle ? udev_monitor_new_from_netlink(handle.get(), from)
                                       : nullptr);
    if (!monitor)
        return base::fail_errno(errno, "listen", "uevents");
    // Without CAP_NET_ADMIN the size is limited; lost events are handled.
    (void)udev_monitor_set_receive_buffer_size(monitor.get(), kBufferBytes);
    if (const int failed = udev_monitor_enable_receiving(monitor.get()); failed < 0)
        return base::fail_errno(-failed, "listen", "uevents");
    return std::unique_ptr<UdevMonitor>(
        new UdevMonitor(event, std::move(handle), std::move(monitor)));
}

UdevMonitor::UdevMonitor(sd_event* event, Owned<udev> handle, Owned<udev_monitor> monitor)
    : event_(event), udev_(std::move(handle)), monitor_(std::move(monitor)) {}

void UdevMonitor::start(std::function<void(const HostEvent&)> call) {
    call_ = std::move(call);
    watch_ = std::make_unique<IoWatch>(event_, udev_monitor_get_fd(monitor_.get()), EPOLLIN,
                                       [this](std::uint32_t) { receive(); });
}

void UdevMonitor::receive() {
    for (;;) {
        errno = 0;
        const Owned<udev_device> device(udev_monitor_receive_device(monitor_.get()));
        if (device) {
            emit_event(device.get());
        } else if (errno == ENOBUFS) {
            call_({.kind = HostEvent::EventKind::kLost, .device = {}});
        } else {
            return;
        }
    }
}

void UdevMonitor::emit_event(udev_device* device) {
    const auto event = parse_event(device);
    if (!event)
        return;
    const bool named =
        event->kind == HostEvent::EventKind::kModules || event->device.bus == "mdev_parent" ||
        (sysfs::parse_bus_name(event->device.bus) && sysfs::parse_device_name(event->device.name));
    if (named)
        call_(*event);
}

}  // namespace bindd
