// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus_spare.hpp"

#include <malloc.h>

#include <utility>

namespace bindd {
namespace {

constexpr std::chrono::seconds kLater{1};

}  // namespace

SpareMemory::SpareMemory(sd_event* event, sd_bus* bus) : later_(event, [this] { give_back(); }) {
    (void)sd_bus_add_filter(bus, &filter_, on_message, this);
}

SpareMemory::~SpareMemory() {
    sd_bus_slot_unref(filter_);
}

int SpareMemory::on_message(sd_bus_message* /*message*/, void* userdata, sd_bus_error* /*error*/) {
    auto& self = *static_cast<SpareMemory*>(userdata);
    if (self.later_.armed())
        self.asked_again_ = true;
    else
        self.later_.arm(kLater);
    return 0;  // whoever it is for has it next
}

void SpareMemory::give_back() {
    ::malloc_trim(0);
    if (std::exchange(asked_again_, false))
        later_.arm(kLater);
}

}  // namespace bindd
