// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-bus.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "bindd/bus/callback.hpp"

namespace bindd {

/// Who calls: a connection of the bus, by its unique name, which is never used again. Not a
/// process: its number can be another's by the time it is looked at.
struct Caller {
    enum class Interaction { kNo, kAllowed };
    std::string sender;
    Interaction interaction = Interaction::kNo;
};
[[nodiscard]] Caller to_caller(sd_bus_message* message);

/// One thing that the daemon does for a caller. How many it may have at once is limited; it counts
/// until the last copy of the token is gone.
using RequestToken = std::shared_ptr<void>;

/// The callers that something is going on for.
class Callers {
  public:
    static constexpr unsigned kMaxConcurrent = 16;

    explicit Callers(sd_bus* bus) : bus_(bus) {}
    Callers(const Callers&) = delete;
    Callers& operator=(const Callers&) = delete;
    ~Callers() = default;

    /// kBusy for one that has too much going on already.
    [[nodiscard]] BusResult<RequestToken> acquire_token(const std::string& sender);
    /// The bus says whose connection it is; asked once each.
    void query_uid(const std::string& sender, BusCallback<std::uint32_t> callback);
    /// Told when a connection ends.
    void on_gone(std::function<void(const std::string& sender)> told) {
        on_gone_ = std::move(told);
    }

  private:
    struct SlotUnref {
        void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
    };
    struct ConnectionState {
        std::shared_ptr<unsigned> running = std::make_shared<unsigned>(0);
        std::optional<std::uint32_t> uid;
        /// For its end alone: we are not to be woken by every connection of the host.
        std::unique_ptr<sd_bus_slot, SlotUnref> watch;
    };
    [[nodiscard]] ConnectionState& connection(const std::string& sender);
    void gone(const std::string& sender);
    static int name_owner_changed(sd_bus_message* signal, void* userdata, sd_bus_error* error);

    sd_bus* bus_;
    std::map<std::string, ConnectionState> connections_;
    std::function<void(const std::string&)> on_gone_;
};

}  // namespace bindd
