// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "bindd/bus/bus_error.hpp"
#include "bindd/bus/method_options.hpp"

/// D-Bus messages of sd-bus: calls that must not block, options of method calls, and replies of the
/// interfaces with generated vtables.
namespace bindd {

struct BusMessageUnref {
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using MessageRef = std::unique_ptr<sd_bus_message, BusMessageUnref>;

/// A reply that comes later to a method call, which is kept until then. The caller may be gone by
/// then: the reply is dropped.
class MessageReply {
  public:
    explicit MessageReply(sd_bus_message* call)
        : call_(sd_bus_message_ref(call), sd_bus_message_unref) {}

    void refuse(const BusError& error) const;
    void give_path(const std::string& path) const;
    [[nodiscard]] sd_bus_message* call() const { return call_.get(); }

  private:
    std::shared_ptr<sd_bus_message> call_;
};

/// Null if memory is exhausted.
[[nodiscard]] MessageRef new_call(sd_bus* bus, const char* destination, const char* path,
                                  const char* interface, const char* member);

/// Sends a call. The event loop calls `replied` with the reply or the error, which can be the end
/// of the connection. Exceptions of `replied` are dropped.
void send_call(sd_bus* bus, sd_bus_message* call, std::chrono::microseconds timeout,
               std::function<void(sd_bus_message*)> replied);

/// The options of a method call: its last argument, an a{sv}. Never fails: what cannot be used is
/// refused when the options are parsed, which is after the caller has been authorised.
[[nodiscard]] MethodOptions read_options(sd_bus_message* call);

/// Valid UTF-8 without NUL, which D-Bus requires.
[[nodiscard]] std::string bus_text(const std::string& bytes);

}  // namespace bindd
