// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-bus.h>

namespace bindd {

/// Refuses method calls with more arguments than any method has a use for, before anything of them
/// is copied: unmarshalled, a message of 32 MiB (four million paths) took half a gigabyte, and
/// anybody may send one. Must be the first filter of the connection that reads messages.
class MessageLimit {
  public:
    explicit MessageLimit(sd_bus* bus) { (void)sd_bus_add_filter(bus, &filter_, on_message, this); }
    MessageLimit(const MessageLimit&) = delete;
    MessageLimit& operator=(const MessageLimit&) = delete;
    MessageLimit(MessageLimit&&) = delete;
    MessageLimit& operator=(MessageLimit&&) = delete;
    ~MessageLimit() { sd_bus_slot_unref(filter_); }

  private:
    static int on_message(sd_bus_message* message, void* userdata, sd_bus_error* error);

    sd_bus_slot* filter_ = nullptr;
};

}  // namespace bindd
