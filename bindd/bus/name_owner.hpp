// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-bus.h>

#include <functional>
#include <string>

#include "base/non_copyable.hpp"
#include "base/result.hpp"

namespace bindd {

/// The daemon's name on the bus. While it is owned there is a presence file: programs for which a
/// call on the bus is expensive assume that no daemon is running when it is missing. A stale file
/// only costs them the call.
class NameOwner : base::NonCopyable {
  public:
    using Callback = std::function<void(base::Result<void>)>;

    NameOwner(sd_bus* bus, std::string presence_file);
    ~NameOwner();

    /// `notified` is called once, with the answer of the bus.
    void on_answer(Callback notified) { notified_ = std::move(notified); }
    /// Requests the name; without effect after the first call.
    void request();
    [[nodiscard]] bool is_requested() const { return requested_; }

  private:
    static int on_reply(sd_bus_message* reply, void* userdata, sd_bus_error* error);
    [[nodiscard]] base::Result<void> take(sd_bus_message* reply);

    sd_bus* bus_;
    std::string presence_file_;
    bool requested_ = false;
    bool owned_ = false;
    Callback notified_ = [](const base::Result<void>&) {};
};

}  // namespace bindd
