// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-bus.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/non_copyable.hpp"
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

/// A caller whose uid is known, and the token of its request.
struct IdentifiedCaller {
    std::uint32_t uid = 0;
    RequestToken token;
};

/// The callers that have requests under way. A connection is watched, and its uid remembered, as
/// long as it has a request: the bus limits the number of match rules of a connection, and ours
/// must not be spent on those that only stay connected.
class Callers : base::NonCopyable {
  public:
    static constexpr unsigned kMaxOfConnection = 16;
    static constexpr unsigned kMaxOfUser = 64;  ///< of all its connections; uid 0 has no such limit

    explicit Callers(sd_bus* bus) : bus_(bus) {}

    /// Counts a request and asks the bus for the uid of its connection. kBusy if there are too many
    /// already, or the bus lets us watch no more connections.
    void identify(const std::string& sender, BusCallback<IdentifiedCaller> callback);
    /// Of a sender with a request under way.
    [[nodiscard]] bool is_connected(const std::string& sender) const {
        return counts_->connections.contains(sender);
    }
    /// `notified` is called when the connection of a caller ends.
    void on_gone(std::function<void(const std::string& sender)> notified) {
        on_gone_ = std::move(notified);
    }

  private:
    struct SlotUnref {
        void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
    };
    struct ConnectionState {
        Callers* owner = nullptr;
        unsigned running = 0;
        std::optional<std::uint32_t> uid;
        bool is_refused = false;  ///< the bus does not let us watch it
        /// Matches this connection only, so that others do not wake the daemon.
        std::unique_ptr<sd_bus_slot, SlotUnref> watch;
    };
    /// Tokens outlive the bus at the end of the daemon.
    struct Counts {
        std::map<std::string, ConnectionState> connections;
        std::map<std::uint32_t, unsigned> of_users;
    };
    [[nodiscard]] BusResult<RequestToken> count_for_connection(const std::string& sender);
    [[nodiscard]] BusResult<IdentifiedCaller> count_for_user(std::uint32_t uid,
                                                             RequestToken of_connection);
    [[nodiscard]] bool watch(const std::string& sender, ConnectionState& connection);
    void gone(const std::string& sender);
    static int watch_answered(sd_bus_message* reply, void* userdata, sd_bus_error* error);
    static int name_owner_changed(sd_bus_message* signal, void* userdata, sd_bus_error* error);

    sd_bus* bus_;
    std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
    std::function<void(const std::string&)> on_gone_;
};

}  // namespace bindd
