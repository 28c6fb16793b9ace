// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/inspection.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include "bindd/bus/message.hpp"

namespace bindd {
namespace {

/// The message whose answer has properties; null within anything else, such as the emission of a
/// signal by the handler of a method.
sd_bus_message* property_call(sd_bus* bus) {
    sd_bus_message* call = sd_bus_get_current_message(bus);
    const char* interface = call == nullptr ? nullptr : sd_bus_message_get_interface(call);
    if (interface == nullptr)
        return nullptr;
    const std::string_view name = interface;
    return name == "org.freedesktop.DBus.Properties" || name == "org.freedesktop.DBus.ObjectManager"
               ? call
               : nullptr;
}

/// Blocks until the bus itself, not another service, has answered: once for a connection.
bool is_of_root(sd_bus_message* call) {
    sd_bus_creds* creds = nullptr;
    if (sd_bus_query_sender_creds(call, SD_BUS_CREDS_EUID, &creds) < 0)
        return false;
    uid_t uid = 0;
    const bool is_root = sd_bus_creds_get_euid(creds, &uid) >= 0 && uid == 0;
    sd_bus_creds_unref(creds);
    return is_root;
}

}  // namespace

const Inspection::Remembered* Inspection::find(const std::string& sender) const {
    const auto found = remembered_.find(sender);
    return found == remembered_.end() || found->second.until <= base::Clock::now() ? nullptr
                                                                                   : &found->second;
}

void Inspection::remember(const std::string& sender, std::optional<Disclosure> answer) {
    const auto now = base::Clock::now();
    std::erase_if(remembered_, [&](const auto& entry) { return entry.second.until <= now; });
    if (remembered_.size() >= kMaxRemembered)
        remembered_.clear();
    remembered_[sender] = {answer, now + kRemembered};
}

void Inspection::ask(const Caller& caller, const AuthorizedCaller& authorized,
                     const Answer& answer) {
    if (authorized.requester.uid == 0U)
        return answer(Disclosure::kEverything);
    if (const Remembered* known = find(caller.sender); known != nullptr && known->answer)
        return answer(*known->answer);
    authority_.ask({.sender = caller.sender}, authorized, {{Action::kInspect}},
                   [this, sender = caller.sender, answer](const BusResult<void>& allowed) {
                       const auto disclosure =
                           allowed ? Disclosure::kEverything : Disclosure::kCodes;
                       remember(sender, disclosure);
                       answer(disclosure);
                   });
}

void Inspection::identify_and_ask(const Caller& caller,
                                  BusCallback<std::pair<AuthorizedCaller, Disclosure>> callback) {
    const auto next = [this, caller, callback](const AuthorizedCaller& authorized) {
        ask(caller, authorized, [callback, authorized](Disclosure disclosure) {
            callback(std::pair(authorized, disclosure));
        });
    };
    authority_.identify(caller, on_success<AuthorizedCaller>(callback, next));
}

Disclosure Inspection::for_reader() {
    sd_bus_message* call = property_call(bus_);
    if (call == nullptr)
        return Disclosure::kCodes;
    const Caller reader = to_caller(call);
    if (const Remembered* known = find(reader.sender))
        return known->answer.value_or(Disclosure::kCodes);
    const bool is_root = is_of_root(call);
    // The other properties of this message do not ask again.
    remember(reader.sender, is_root ? std::optional(Disclosure::kEverything) : std::nullopt);
    if (is_root)
        return Disclosure::kEverything;
    identify_and_ask(reader, [](const auto& /*remembered*/) {});
    return Disclosure::kCodes;
}

}  // namespace bindd
