// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-bus.h>

#include "base/non_copyable.hpp"
#include "bindd/loop/event_loop.hpp"

namespace bindd {

/// Returns freed memory to the kernel a second or two after a call on the bus, and once a second
/// under load. A reply about thousands of devices consists of a hundred thousand allocations, whose
/// memory the allocator would keep.
class MemoryTrimmer : base::NonCopyable {
  public:
    MemoryTrimmer(sd_event* event, sd_bus* bus);
    ~MemoryTrimmer();

  private:
    static int on_message(sd_bus_message* message, void* userdata, sd_bus_error* error);

    void trim();

    Timer timer_;
    /// The reply to such a message may be made after the timer has expired.
    bool traffic_since_armed_ = false;
    sd_bus_slot* filter_ = nullptr;
};

}  // namespace bindd
