// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "bindd/bus/authority.hpp"
#include "bindd/controller/redaction.hpp"

namespace bindd {

/// Who may see what other users do with devices: uid 0, and whom polkit allows org.bindd1.inspect.
/// Nobody is asked to authenticate for it. An answer of polkit is remembered for its connection for
/// a short time, so that a list of a thousand devices asks once. Signals go to everybody: they are
/// for readers that may see the codes only.
class Inspection : base::NonCopyable {
  public:
    Inspection(sd_bus* bus, Authority& authority) : bus_(bus), authority_(authority) {}

    using Answer = std::function<void(Disclosure)>;
    void ask(const Caller& caller, const AuthorizedCaller& authorized, const Answer& answer);
    /// The same for a caller that has not been identified, with a reply that refuses errors.
    void identify_and_ask(const Caller& caller,
                          BusCallback<std::pair<AuthorizedCaller, Disclosure>> callback);

    /// For the getter of a property, which cannot wait for polkit. A connection that polkit was not
    /// asked about gets the codes, and polkit is asked for its next call.
    [[nodiscard]] Disclosure for_reader();

  private:
    static constexpr std::chrono::seconds kRemembered{30};
    static constexpr std::size_t kMaxRemembered = 256;
    struct Remembered {
        std::optional<Disclosure> answer;  ///< absent while polkit is asked
        base::Clock::time_point until;
    };
    void remember(const std::string& sender, std::optional<Disclosure> answer);
    [[nodiscard]] const Remembered* find(const std::string& sender) const;

    sd_bus* bus_;
    Authority& authority_;
    std::map<std::string, Remembered> remembered_;
};

}  // namespace bindd
