// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>

#include "sysfs/device/names.hpp"

namespace bindd {

/// A hint from the kernel that something must be looked at again; never state.
struct HostEvent {
    enum class EventKind {
        kAdded,    ///< the device came
        kRemoved,  ///< it went
        kChanged,  ///< its driver, override, name or properties may have changed
        kModules,  ///< modules came or went
        kLost,     ///< events were lost: anything may have changed
    };
    EventKind kind = EventKind::kChanged;
    sysfs::DeviceId device;  ///< of the first three
    auto operator<=>(const HostEvent&) const = default;
};

/// Where events come from: udev, or a test's script. It is armed when it is made, so that nothing
/// is missed between the first look and the first event; it calls only once `start` has said whom.
class EventSource {
  public:
    EventSource() = default;
    EventSource(const EventSource&) = delete;
    EventSource& operator=(const EventSource&) = delete;
    EventSource(EventSource&&) = delete;
    EventSource& operator=(EventSource&&) = delete;
    virtual ~EventSource() = default;

    virtual void start(std::function<void(const HostEvent&)> call) = 0;
};

}  // namespace bindd
