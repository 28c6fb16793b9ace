// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/caller.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include "bindd/bus/message.hpp"

namespace bindd {
namespace {

constexpr const char* kDriver = "org.freedesktop.DBus";
constexpr const char* kDriverPath = "/org/freedesktop/DBus";
constexpr std::chrono::seconds kCredentialsTimeout{25};

/// UnixUserID of GetConnectionCredentials' a{sv}.
std::optional<std::uint32_t> parse_uid(sd_bus_message* reply) {
    if (sd_bus_message_is_method_error(reply, nullptr) > 0 ||
        sd_bus_message_enter_container(reply, 'a', "{sv}") < 0)
        return std::nullopt;
    while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
        const char* key = nullptr;
        if (sd_bus_message_read(reply, "s", &key) <= 0)
            return std::nullopt;
        std::uint32_t uid = 0;
        if (std::string(key) == "UnixUserID")
            return sd_bus_message_read(reply, "v", "u", &uid) > 0 ? std::optional(uid)
                                                                  : std::nullopt;
        if (sd_bus_message_skip(reply, "v") < 0 || sd_bus_message_exit_container(reply) < 0)
            return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace

Caller to_caller(sd_bus_message* message) {
    const char* sender = sd_bus_message_get_sender(message);
    return {.sender = sender == nullptr ? "" : sender,
            .interaction = sd_bus_message_get_allow_interactive_authorization(message) > 0
                               ? Caller::Interaction::kAllowed
                               : Caller::Interaction::kNo};
}

Callers::ConnectionState& Callers::connection(const std::string& sender) {
    ConnectionState& known = connections_[sender];
    if (known.watch != nullptr)
        return known;
    const std::string rule = std::string("type='signal',sender='") + kDriver + "',interface='" +
                             kDriver + "',member='NameOwnerChanged',arg0='" + sender + "'";
    sd_bus_slot* slot = nullptr;
    if (sd_bus_add_match_async(bus_, &slot, rule.c_str(), name_owner_changed, nullptr, this) >= 0)
        known.watch.reset(slot);
    return known;
}

void Callers::gone(const std::string& sender) {
    if (connections_.erase(sender) > 0 && on_gone_)
        on_gone_(sender);
}

BusResult<RequestToken> Callers::acquire_token(const std::string& sender) {
    const std::shared_ptr<unsigned> running = connection(sender).running;
    if (*running >= kMaxConcurrent)
        return bus_error(BusErrorKind::kBusy,
                         "you have " + std::to_string(*running) +
                             " requests under way, which is as many as one may have");
    ++*running;
    return RequestToken(nullptr, [running](void*) { --*running; });
}

void Callers::query_uid(const std::string& sender, BusCallback<std::uint32_t> callback) {
    if (const auto& uid = connection(sender).uid)
        return callback(*uid);
    const auto nobody = bus_error(BusErrorKind::kNotAuthorized, "the bus does not say who you are");
    const MessageRef call =
        new_call(bus_, kDriver, kDriverPath, kDriver, "GetConnectionCredentials");
    if (call == nullptr || sd_bus_message_append(call.get(), "s", sender.c_str()) < 0)
        return callback(nobody);
    send_call(bus_, call.get(), kCredentialsTimeout,
              [this, sender, nobody, callback = std::move(callback)](sd_bus_message* reply) {
                  const auto uid = parse_uid(reply);
                  if (!uid) {
                      // The connection ended before the match was installed: no signal will come.
                      gone(sender);
                      return callback(nobody);
                  }
                  if (const auto still = connections_.find(sender); still != connections_.end())
                      still->second.uid = uid;
                  callback(*uid);
              });
}

int Callers::name_owner_changed(sd_bus_message* signal, void* userdata, sd_bus_error* /*error*/) {
    auto& self = *static_cast<Callers*>(userdata);
    const char* name = nullptr;
    const char* before = nullptr;
    const char* after = nullptr;
    if (sd_bus_message_read(signal, "sss", &name, &before, &after) <= 0 || *name != ':' ||
        *after != '\0')
        return 0;
    try {
        self.gone(name);
    } catch (const std::exception&) {
        return 0;  // memory is exhausted; the requests of the caller continue
    }
    return 0;
}

}  // namespace bindd
