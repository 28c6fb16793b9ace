// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "bindd/bus/authority.hpp"
#include "bindd/bus/message.hpp"
#include "bindd/controller/redaction.hpp"

namespace bindd {

/// Who may see what other users do with devices: uid 0, and whom polkit allows org.bindd1.inspect.
/// Nobody is asked to authenticate for it. An answer of polkit is remembered for its connection for
/// a short time, so that a list of a thousand devices asks once. Signals go to everybody: they are
/// for readers that may see the codes only. The getter of a property cannot wait: calls that read
/// properties are held until the bus has said whether they are of uid 0, and then read again.
class Inspection : base::NonCopyable {
  public:
    Inspection(sd_bus* bus, Authority& authority) : bus_(bus), authority_(authority) {
        (void)sd_bus_add_filter(bus, &filter_, on_message, this);
    }
    ~Inspection() { sd_bus_slot_unref(filter_); }

    using Answer = std::function<void(Disclosure)>;
    void ask(const Caller& caller, const AuthorizedCaller& authorized, const Answer& answer);
    /// The same for a caller that has not been identified, with a reply that refuses errors.
    void identify_and_ask(const Caller& caller,
                          BusCallback<std::pair<AuthorizedCaller, Disclosure>> callback);

    /// For the getter of a property, which cannot wait for polkit either. A connection that polkit
    /// was not asked about gets the codes, and polkit is asked for its next call.
    [[nodiscard]] Disclosure for_reader();

  private:
    static constexpr std::chrono::seconds kRemembered{30};
    static constexpr std::size_t kMaxRemembered = 256;
    static constexpr std::size_t kMaxHeld = 256;  ///< messages of one connection
    struct Remembered {
        std::optional<Disclosure> answer;  ///< absent while polkit is asked
        base::Clock::time_point until;
    };
    void remember(const std::string& sender, std::optional<Disclosure> answer);
    [[nodiscard]] const Remembered* find(const std::string& sender) const;
    static int on_message(sd_bus_message* message, void* userdata, sd_bus_error* error);
    [[nodiscard]] bool hold(sd_bus_message* message);
    void identified(const Caller& reader, sd_bus_message* reply);

    sd_bus* bus_;
    Authority& authority_;
    sd_bus_slot* filter_ = nullptr;
    std::map<std::string, Remembered> remembered_;
    std::map<std::string, std::vector<MessageRef>> held_;  ///< by sender, which is being identified
    std::set<sd_bus_message*> released_;                   ///< to be read again: held only once
};

}  // namespace bindd
