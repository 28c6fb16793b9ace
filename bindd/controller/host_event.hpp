// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>

#include "base/non_copyable.hpp"
#include "sysfs/device/names.hpp"

namespace bindd {

/// A hint from the kernel that something must be scanned again; never state.
struct HostEvent {
    enum class EventKind {
        kAdded,    ///< the device came
        kRemoved,  ///< it went
        kChanged,  ///< its driver, override, name or properties may have changed
        kBound,    ///< a driver was bound to it
        kModules,  ///< modules came or went
        kLost,     ///< events were lost: anything may have changed
    };
    EventKind kind = EventKind::kChanged;
    sysfs::DeviceId device;  ///< of the first four
    auto operator<=>(const HostEvent&) const = default;
};

/// The source of events: udev, or a test. It listens from its construction, so that no event is
/// lost before the first scan, and calls only after start().
class EventSource : base::NonCopyable {
  public:
    virtual ~EventSource() = default;

    virtual void start(std::function<void(const HostEvent&)> call) = 0;
};

}  // namespace bindd
