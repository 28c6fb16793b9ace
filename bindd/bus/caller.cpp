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

bool Callers::watch(const std::string& sender, ConnectionState& connection) {
    const std::string rule = std::string("type='signal',sender='") + kDriver + "',interface='" +
                             kDriver + "',member='NameOwnerChanged',arg0='" + sender + "'";
    sd_bus_slot* slot = nullptr;
    if (sd_bus_add_match_async(bus_, &slot, rule.c_str(), name_owner_changed, watch_answered,
                               &connection) < 0)
        return false;
    connection.owner = this;
    connection.watch.reset(slot);
    return true;
}

/// Without this callback sd-bus would close our connection if the bus refuses the rule.
int Callers::watch_answered(sd_bus_message* reply, void* userdata, sd_bus_error* /*error*/) {
    if (sd_bus_message_is_method_error(reply, nullptr) > 0)
        static_cast<ConnectionState*>(userdata)->is_refused = true;
    return 0;
}

void Callers::gone(const std::string& sender) {
    if (counts_->connections.erase(sender) > 0 && on_gone_)
        on_gone_(sender);
}

BusResult<RequestToken> Callers::count_for_connection(const std::string& sender) {
    ConnectionState& connection = counts_->connections[sender];
    if (connection.watch == nullptr && !watch(sender, connection)) {
        counts_->connections.erase(sender);
        return bus_error(BusErrorKind::kBusy, "the daemon cannot watch your connection");
    }
    if (connection.running >= kMaxOfConnection)
        return bus_error(BusErrorKind::kBusy,
                         "you have " + std::to_string(connection.running) +
                             " requests under way, which is as many as a connection may have");
    ++connection.running;
    return RequestToken(nullptr, [counts = counts_, sender](void*) {
        const auto found = counts->connections.find(sender);
        if (found != counts->connections.end() && --found->second.running == 0)
            counts->connections.erase(found);
    });
}

BusResult<IdentifiedCaller> Callers::count_for_user(std::uint32_t uid, RequestToken of_connection) {
    unsigned& running = counts_->of_users[uid];
    if (uid != 0 && running >= kMaxOfUser)
        return bus_error(BusErrorKind::kBusy,
                         "your user has " + std::to_string(running) +
                             " requests under way, which is as many as one may have");
    ++running;
    return IdentifiedCaller{
        uid, RequestToken(nullptr,
                          [counts = counts_, uid, of_connection = std::move(of_connection)](void*) {
                              if (--counts->of_users[uid] == 0)
                                  counts->of_users.erase(uid);
                          })};
}

void Callers::identify(const std::string& sender, BusCallback<IdentifiedCaller> callback) {
    auto token = count_for_connection(sender);
    if (!token)
        return callback(tl::unexpected(token.error()));
    if (const auto& uid = counts_->connections[sender].uid)
        return callback(count_for_user(*uid, *std::move(token)));
    const auto nobody = bus_error(BusErrorKind::kNotAuthorized, "the bus does not say who you are");
    const MessageRef call =
        new_call(bus_, kDriver, kDriverPath, kDriver, "GetConnectionCredentials");
    if (call == nullptr || sd_bus_message_append(call.get(), "s", sender.c_str()) < 0)
        return callback(nobody);
    send_call(bus_, call.get(), kCredentialsTimeout,
              [this, sender, nobody, token = *std::move(token),
               callback = std::move(callback)](sd_bus_message* reply) {
                  const auto uid = parse_uid(reply);
                  if (!uid) {
                      // The connection ended before the match was installed: no signal will come.
                      gone(sender);
                      return callback(nobody);
                  }
                  const auto still = counts_->connections.find(sender);
                  if (still == counts_->connections.end() || still->second.is_refused)
                      return callback(bus_error(BusErrorKind::kBusy,
                                                "the bus lets the daemon watch no more callers"));
                  still->second.uid = uid;
                  callback(count_for_user(*uid, token));
              });
}

int Callers::name_owner_changed(sd_bus_message* signal, void* userdata, sd_bus_error* /*error*/) {
    Callers& self = *static_cast<ConnectionState*>(userdata)->owner;
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
