// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/inspection.hpp"

#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include "bindd/bus/message.hpp"

namespace bindd {
namespace {

constexpr const char* kDriver = "org.freedesktop.DBus";
constexpr std::chrono::seconds kIdentifyTimeout{25};

/// Does its answer have properties? False within anything else, such as the emission of a signal by
/// the handler of a method.
bool reads_properties(sd_bus_message* call) {
    const char* interface = call == nullptr ? nullptr : sd_bus_message_get_interface(call);
    const std::string_view name = interface == nullptr ? "" : interface;
    return name == "org.freedesktop.DBus.Properties" ||
           name == "org.freedesktop.DBus.ObjectManager";
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

int Inspection::on_message(sd_bus_message* message, void* userdata, sd_bus_error* /*error*/) {
    auto& self = *static_cast<Inspection*>(userdata);
    if (sd_bus_message_is_method_call(message, nullptr, nullptr) <= 0 || !reads_properties(message))
        return 0;
    try {
        return self.released_.erase(message) == 0 && self.hold(message) ? 1 : 0;
    } catch (const std::bad_alloc&) {
        return 0;  // it gets the codes
    }
}

/// False: it goes on.
bool Inspection::hold(sd_bus_message* message) {
    const Caller reader = to_caller(message);
    const auto identifying = held_.find(reader.sender);
    if (identifying != held_.end()) {
        if (identifying->second.size() >= kMaxHeld)
            return false;
        identifying->second.emplace_back(sd_bus_message_ref(message));
        return true;
    }
    if (find(reader.sender) != nullptr)
        return false;
    const MessageRef call =
        new_call(bus_, kDriver, "/org/freedesktop/DBus", kDriver, "GetConnectionUnixUser");
    if (call == nullptr || sd_bus_message_append(call.get(), "s", reader.sender.c_str()) < 0)
        return false;
    held_[reader.sender].emplace_back(sd_bus_message_ref(message));
    send_call(bus_, call.get(), kIdentifyTimeout,
              [this, reader](sd_bus_message* reply) { identified(reader, reply); });
    return true;
}

void Inspection::identified(const Caller& reader, sd_bus_message* reply) {
    std::uint32_t uid = 0;
    const bool is_root = sd_bus_message_is_method_error(reply, nullptr) <= 0 &&
                         sd_bus_message_read(reply, "u", &uid) > 0 && uid == 0;
    remember(reader.sender, is_root ? std::optional(Disclosure::kEverything) : std::nullopt);
    const auto held = held_.extract(reader.sender);
    for (const MessageRef& message : held.mapped())
        if (released_.insert(message.get()).second &&
            sd_bus_enqueue_for_read(bus_, message.get()) < 0)
            released_.erase(message.get());
    if (!is_root)
        identify_and_ask(reader, [](const auto& /*remembered*/) {});
}

Disclosure Inspection::for_reader() {
    sd_bus_message* call = sd_bus_get_current_message(bus_);
    if (!reads_properties(call))
        return Disclosure::kCodes;
    const Remembered* known = find(to_caller(call).sender);
    return known == nullptr ? Disclosure::kCodes : known->answer.value_or(Disclosure::kCodes);
}

}  // namespace bindd
