// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "bindd/bus/bus_error.hpp"
#include "bindd/bus/method_options.hpp"

/// D-Bus messages below sdbus-c++: calls that must not wait, and the arguments and replies of the
/// interfaces whose vtables are made of their XML.
namespace bindd {

struct BusMessageUnref {
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using MessageRef = std::unique_ptr<sd_bus_message, BusMessageUnref>;

/// Another share of the same message.
[[nodiscard]] MessageRef share(sd_bus_message* message);

/// Null when there is no memory for it.
[[nodiscard]] MessageRef new_call(sd_bus* bus, const char* destination, const char* path,
                                  const char* interface, const char* member);

/// Sends a call; `replied` gets the reply, an error or the connection's end included, from the
/// event loop. Nothing that it throws goes further.
void send_call(sd_bus* bus, sd_bus_message* call, std::chrono::microseconds timeout,
               std::function<void(sd_bus_message*)> replied);

/// The a{sv} that comes next. A failure is one of the message itself.
[[nodiscard]] BusResult<MethodOptions> read_options(sd_bus_message* message);

/// Answers a method call with an error; the caller may be gone already.
void reply_error(sd_bus_message* call, const BusError& error);

/// Text as D-Bus takes it: valid UTF-8 without NUL.
[[nodiscard]] std::string bus_text(const std::string& bytes);

}  // namespace bindd
