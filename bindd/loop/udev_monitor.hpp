// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <libudev.h>

#include <memory>

#include "bindd/controller/host_event.hpp"
#include "bindd/loop/event_loop.hpp"

namespace bindd {

/// Events from udev after its rules have run, or from the kernel where there is no udev. Receives
/// from its construction, which must come before privileges are dropped: its buffer is larger than
/// an unprivileged one may be.
class UdevMonitor final : public EventSource {
  public:
    [[nodiscard]] static base::Result<std::unique_ptr<UdevMonitor>> listen(sd_event* event);
    void start(std::function<void(const HostEvent&)> call) override;

  private:
    struct UnrefUdev {
        void operator()(udev* handle) const { udev_unref(handle); }
        void operator()(udev_monitor* monitor) const { udev_monitor_unref(monitor); }
        void operator()(udev_device* device) const { udev_device_unref(device); }
    };
    template <typename T>
    using Owned = std::unique_ptr<T, UnrefUdev>;

    UdevMonitor(sd_event* event, Owned<udev> handle, Owned<udev_monitor> monitor);
    void receive();
    void emit_event(udev_device* device);

    sd_event* event_;
    Owned<udev> udev_;
    Owned<udev_monitor> monitor_;
    std::function<void(const HostEvent&)> call_;
    std::unique_ptr<IoWatch> watch_;
};

}  // namespace bindd
