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

/// A caller: the unique name of a connection, which the bus never reuses. Not a process, since the
/// kernel reuses process ids.
struct Caller {
    enum class Interaction { kNo, kAllowed };
    std::string sender;
    Interaction interaction = Interaction::kNo;
};
[[nodiscard]] Caller to_caller(sd_bus_message* message);

/// One request of a caller, which may have a limited number at once. A request counts until the
/// last copy of its token is gone.
using RequestToken = std::shared_ptr<void>;

/// The callers that have requests under way.
class Callers {
  public:
    static constexpr unsigned kMaxConcurrent = 16;

    explicit Callers(sd_bus* bus) : bus_(bus) {}
    Callers(const Callers&) = delete;
    Callers& operator=(const Callers&) = delete;
    ~Callers() = default;

    /// kBusy if the caller has kMaxConcurrent already.
    [[nodiscard]] BusResult<RequestToken> acquire_token(const std::string& sender);
    /// Asks the bus for the uid of a connection, once for each connection.
    void query_uid(const std::string& sender, BusCallback<std::uint32_t> callback);
    /// `notified` is called when the connection of a caller ends.
    void on_gone(std::function<void(const std::string& sender)> notified) {
        on_gone_ = std::move(notified);
    }

  private:
    struct SlotUnref {
        void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
    };
    struct ConnectionState {
        std::shared_ptr<unsigned> running = std::make_shared<unsigned>(0);
        std::optional<std::uint32_t> uid;
        /// Matches this connection only, so that others do not wake the daemon.
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
