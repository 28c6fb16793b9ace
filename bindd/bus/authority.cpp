// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/authority.hpp"

#include <chrono>
#include <utility>

#include "base/name_table.hpp"
#include "bindd/bus/message.hpp"

namespace bindd {
namespace {

constexpr const char* kPolkit = "org.freedesktop.PolicyKit1";
constexpr const char* kPolkitPath = "/org/freedesktop/PolicyKit1/Authority";
constexpr const char* kPolkitInterface = "org.freedesktop.PolicyKit1.Authority";
/// Somebody who knows the password may have to come first.
constexpr std::chrono::minutes kPolkitTimeout{5};
/// For an answer of its rules alone.
constexpr std::chrono::seconds kRulesTimeout{25};
constexpr std::uint32_t kAllowUserInteraction = 1;

constexpr base::NameTable<Action::kInspect> kPolkitMessages{
    "Authentication is required to change the driver of $(address)",
    "Authentication is required to carry out the device policies",
    "Authentication is required to open $(address)",
    "Authentication is required to change the mediated devices of $(address)",
    "Authentication is required to change the virtual functions of $(address)",
    "Authentication is required to go beyond the safety checks of $(address)",
    "Authentication is required to reload the device policies",
    "Authentication is required to see what other users do with devices"};

const char* polkit_message(Action action) {
    return kPolkitMessages[action];
}

/// (sa{ss}) of a connection's name, the action, its details, the flags and the cancellation id.
bool append_check(sd_bus_message* call, const Caller& caller, Action action, const Details& details,
                  const std::string& cancellation) {
    if (sd_bus_message_append(call, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                              caller.sender.c_str(), action_name(action)) < 0 ||
        sd_bus_message_open_container(call, 'a', "{ss}") < 0)
        return false;
    for (const auto& [key, value] : details)
        if (sd_bus_message_append(call, "{ss}", key.c_str(), bus_text(value).c_str()) < 0)
            return false;
    const bool interactive = caller.interaction == Caller::Interaction::kAllowed;
    return sd_bus_message_close_container(call) >= 0 &&
           sd_bus_message_append(call, "us", interactive ? kAllowUserInteraction : 0,
                                 cancellation.c_str()) >= 0;
}

/// Why there is no answer of polkit.
std::string why_no_answer(const sd_bus_error& error) {
    const bool absent = sd_bus_error_has_name(&error, SD_BUS_ERROR_SERVICE_UNKNOWN) > 0 ||
                        sd_bus_error_has_name(&error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) > 0;
    if (absent)
        return "there is no polkit on the bus, so only uid 0 may";
    return std::string("polkit: ") + (error.message == nullptr ? error.name : error.message);
}

}  // namespace

/// The questions of one request.
struct Authority::PendingCheck {
    Caller caller;
    RequestToken token;
    Questions questions;
    BusCallback<void> callback;
};

Authority::Authority(sd_bus* bus, Callers& callers) : bus_(bus), callers_(callers) {
    callers_.on_gone([this](const std::string& sender) { cancel(sender); });
}

void Authority::identify(const Caller& caller, BusCallback<AuthorizedCaller> callback) {
    const auto next = [sender = caller.sender, callback](IdentifiedCaller identified) {
        callback(AuthorizedCaller{{.uid = identified.uid, .description = sender},
                                  std::move(identified.token)});
    };
    callers_.identify(caller.sender, on_success<IdentifiedCaller>(callback, next));
}

void Authority::check(const Caller& caller, const Questions& questions,
                      BusCallback<AuthorizedCaller> callback) {
    const auto next = [this, caller, questions, callback](const AuthorizedCaller& authorized) {
        if (authorized.requester.uid == 0U)
            return callback(authorized);
        ask(caller, authorized, questions,
            on_success<void>(callback, [callback, authorized] { callback(authorized); }));
    };
    identify(caller, on_success<AuthorizedCaller>(callback, next));
}

void Authority::ask(const Caller& caller, const AuthorizedCaller& authorized, Questions questions,
                    BusCallback<void> callback) {
    ask_next(std::make_shared<PendingCheck>(
        PendingCheck{caller, authorized.token, std::move(questions), std::move(callback)}));
}

void Authority::ask_next(std::shared_ptr<PendingCheck> pending) {
    if (pending->questions.empty())
        return pending->callback({});
    if (!callers_.is_connected(pending->caller.sender))
        return pending->callback(bus_error(BusErrorKind::kNotAuthorized, "the caller is gone"));
    const Question& question = *pending->questions.begin();
    Details details = question.details;
    details["polkit.message"] = polkit_message(question.action);
    details["polkit.gettext_domain"] = "bindd";
    const std::string cancellation = "bindd-" + std::to_string(++asked_);
    const MessageRef call =
        new_call(bus_, kPolkit, kPolkitPath, kPolkitInterface, "CheckAuthorization");
    if (call == nullptr ||
        !append_check(call.get(), pending->caller, question.action, details, cancellation))
        return pending->callback(bus_error(BusErrorKind::kNotAuthorized, "polkit cannot be asked"));
    open_[pending->caller.sender].insert(cancellation);
    send_call(bus_, call.get(),
              pending->caller.interaction == Caller::Interaction::kAllowed ? kPolkitTimeout
                                                                           : kRulesTimeout,
              [this, pending, cancellation](sd_bus_message* reply) {
                  replied(pending, cancellation, reply);
              });
}

bool Authority::forget(const std::string& sender, const std::string& cancellation) {
    const auto open = open_.find(sender);
    if (open == open_.end() || open->second.erase(cancellation) == 0)
        return false;
    if (open->second.empty())
        open_.erase(open);
    return true;
}

void Authority::replied(const std::shared_ptr<PendingCheck>& pending,
                        const std::string& cancellation, sd_bus_message* reply) {
    const auto refuse = [&](const std::string& why) {
        pending->callback(bus_error(BusErrorKind::kNotAuthorized, why));
    };
    if (!forget(pending->caller.sender, cancellation))
        return refuse("the caller is gone");
    if (const sd_bus_error* error = sd_bus_message_get_error(reply))
        return refuse(why_no_answer(*error));
    int authorized = 0;
    int challenge = 0;
    if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
        sd_bus_message_read(reply, "bb", &authorized, &challenge) < 0)
        return refuse("polkit's answer cannot be read");
    const auto question = pending->questions.extract(pending->questions.begin());
    if (authorized != 0)
        return ask_next(pending);
    const auto address = question.value().details.find("address");
    refuse(std::string(action_name(question.value().action)) +
           (challenge != 0 ? " wants authentication" : " is not allowed") +
           (address == question.value().details.end() ? "" : ": " + address->second));
}

void Authority::require_polkit(BusCallback<void> callback) {
    const MessageRef call =
        new_call(bus_, kPolkit, kPolkitPath, "org.freedesktop.DBus.Peer", "Ping");
    if (call == nullptr)
        return callback(bus_error(BusErrorKind::kNotAuthorized, "polkit cannot be asked"));
    send_call(
        bus_, call.get(), kPolkitTimeout, [callback = std::move(callback)](sd_bus_message* reply) {
            if (const sd_bus_error* error = sd_bus_message_get_error(reply))
                return callback(bus_error(BusErrorKind::kNotAuthorized, why_no_answer(*error)));
            callback({});
        });
}

void Authority::cancel(const std::string& sender) {
    const auto found = open_.extract(sender);
    if (found.empty())
        return;
    for (const std::string& cancellation : found.mapped()) {
        const MessageRef call =
            new_call(bus_, kPolkit, kPolkitPath, kPolkitInterface, "CancelCheckAuthorization");
        if (call != nullptr && sd_bus_message_append(call.get(), "s", cancellation.c_str()) >= 0)
            send_call(bus_, call.get(), kPolkitTimeout, [](sd_bus_message*) {});
    }
}

}  // namespace bindd
