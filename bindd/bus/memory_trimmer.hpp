// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-bus.h>

#include "bindd/loop/event_loop.hpp"

namespace bindd {

/// The memory that answers leave behind: one about thousands of devices is made of a hundred
/// thousand pieces, which the allocator would keep. It is given back a second or two after someone
/// has asked, not more often under load.
class MemoryTrimmer {
  public:
    MemoryTrimmer(sd_event* event, sd_bus* bus);
    MemoryTrimmer(const MemoryTrimmer&) = delete;
    MemoryTrimmer& operator=(const MemoryTrimmer&) = delete;
    MemoryTrimmer(MemoryTrimmer&&) = delete;
    MemoryTrimmer& operator=(MemoryTrimmer&&) = delete;
    ~MemoryTrimmer();

  private:
    static int on_message(sd_bus_message* message, void* userdata, sd_bus_error* error);

    void trim();

    Timer timer_;
    bool traffic_since_armed_ =
        false;  ///< since it was armed: its answer may come after the next turn
    sd_bus_slot* filter_ = nullptr;
};

}  // namespace bindd
