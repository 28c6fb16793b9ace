// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/memory_trimmer.hpp"

#include <malloc.h>

#include <utility>

namespace bindd {
namespace {

constexpr std::chrono::seconds kTrimDelay{1};

}  // namespace

MemoryTrimmer::MemoryTrimmer(sd_event* event, sd_bus* bus) : timer_(event, [this] { trim(); }) {
    (void)sd_bus_add_filter(bus, &filter_, on_message, this);
}

MemoryTrimmer::~MemoryTrimmer() {
    sd_bus_slot_unref(filter_);
}

int MemoryTrimmer::on_message(sd_bus_message* /*message*/, void* userdata,
                              sd_bus_error* /*error*/) {
    auto& self = *static_cast<MemoryTrimmer*>(userdata);
    if (self.timer_.armed())
        self.traffic_since_armed_ = true;
    else
        self.timer_.arm(kTrimDelay);
    return 0;  // not handled: the message goes on
}

void MemoryTrimmer::trim() {
    ::malloc_trim(0);
    if (std::exchange(traffic_since_armed_, false))
        timer_.arm(kTrimDelay);
}

}  // namespace bindd
