// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-bus.h>

#include "bindd/loop.hpp"

namespace bindd {

/// The memory that answers leave behind: one about thousands of devices is made of a hundred thousand pieces, which the
/// allocator would keep. It is given back a second or two after someone has asked, not more often under load.
class SpareMemory {
  public:
    SpareMemory(sd_event* event, sd_bus* bus);
    SpareMemory(const SpareMemory&) = delete;
    SpareMemory& operator=(const SpareMemory&) = delete;
    SpareMemory(SpareMemory&&) = delete;
    SpareMemory& operator=(SpareMemory&&) = delete;
    ~SpareMemory();

  private:
    static int on_message(sd_bus_message* message, void* userdata, sd_bus_error* error);

    void give_back();

    Timer later_;
    bool asked_again_ = false;  ///< since it was armed: its answer may come after the next turn
    sd_bus_slot* filter_ = nullptr;
};

}  // namespace bindd
