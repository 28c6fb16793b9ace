// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus_authority.hpp"

#include <chrono>
#include <cstring>
#include <utility>

#include "bindd/bus_call.hpp"

namespace bindd {
namespace {

constexpr const char* kPolkit = "org.freedesktop.PolicyKit1";
constexpr const char* kPolkitPath = "/org/freedesktop/PolicyKit1/Authority";
constexpr const char* kPolkitInterface = "org.freedesktop.PolicyKit1.Authority";
/// Somebody may have to be fetched who knows the password.
constexpr std::chrono::minutes kPatience{5};
constexpr std::uint32_t kAllowUserInteraction = 1;

std::string hex_or_empty(const std::optional<std::uint16_t>& value) {
    return value ? sysfs::hex(*value, 4) : std::string{};
}

const char* message_of(Action action) {
    switch (action) {
        case Action::kBind: return "Authentication is required to change the driver of $(address)";
        case Action::kApply: return "Authentication is required to carry out the device policies";
        case Action::kOpen: return "Authentication is required to open $(address)";
        case Action::kMdev: return "Authentication is required to change the mediated devices of $(address)";
        case Action::kSriov: return "Authentication is required to change the virtual functions of $(address)";
        case Action::kForce: return "Authentication is required to take $(address) although it is in use";
        case Action::kReload: return "Authentication is required to reload the device policies";
    }
    return "";
}

/// (sa{ss}) of a connection's name, the action, its details, the flags and the cancellation id.
bool append_question(sd_bus_message* call, const Caller& caller, Action action, const Details& details,
                     const std::string& cancellation) {
    if (sd_bus_message_append(call, "(sa{sv})s", "system-bus-name", 1, "name", "s", caller.sender.c_str(),
                              action_name(action)) < 0 ||
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

/// Why polkit could not be asked, or did not answer.
std::string why_no_answer(const sd_bus_error& error) {
    const bool absent = sd_bus_error_has_name(&error, SD_BUS_ERROR_SERVICE_UNKNOWN) > 0 ||
                        sd_bus_error_has_name(&error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) > 0;
    if (absent)
        return "there is no polkit on the bus, so only uid 0 may";
    return std::string("polkit: ") + (error.message == nullptr ? error.name : error.message);
}

}  // namespace

/// A caller's wish on its way through all of its devices.
struct Authority::Question {
    Caller caller;
    Action action{};
    std::vector<Details> about;
    std::size_t at = 0;
    Admitted admitted;
    Answered<Admitted> answered;
};

const char* action_name(Action action) {
    switch (action) {
        case Action::kBind: return "org.bindd1.bind";
        case Action::kApply: return "org.bindd1.apply";
        case Action::kOpen: return "org.bindd1.open";
        case Action::kMdev: return "org.bindd1.mdev";
        case Action::kSriov: return "org.bindd1.sriov";
        case Action::kForce: return "org.bindd1.force";
        case Action::kReload: return "org.bindd1.reload";
    }
    return "";
}

Details details_of(const sysfs::Device& device) {
    return {{"address", device.id.display()},
            {"bus", device.id.bus},
            {"vendor", hex_or_empty(device.ids.vendor)},
            {"device", hex_or_empty(device.ids.device)},
            {"subsystem_vendor", hex_or_empty(device.ids.subsystem_vendor)},
            {"subsystem_device", hex_or_empty(device.ids.subsystem_device)},
            {"class", device.ids.class_code ? sysfs::hex(*device.ids.class_code, 6) : std::string{}},
            {"driver", device.driver.value_or("")},
            {"group", device.iommu_group ? std::to_string(*device.iommu_group) : std::string{}}};
}

Details details_of_path(const std::string& path) {
    return {{"address", path}};
}

Authority::Authority(sd_bus* bus, Callers& callers) : bus_(bus), callers_(callers) {
    callers_.on_gone([this](const std::string& sender) { cancel(sender); });
}

void Authority::identify(const Caller& caller, Answered<Admitted> answered) {
    auto ticket = callers_.admit(caller.sender);
    if (!ticket)
        return answered(tl::unexpected(ticket.error()));
    callers_.uid_of(caller.sender, [sender = caller.sender, ticket = *ticket,
                                    answered = std::move(answered)](Answer<std::uint32_t> uid) {
        if (!uid)
            return answered(tl::unexpected(uid.error()));
        answered(Admitted{{.uid = *uid, .words = sender}, ticket});
    });
}

void Authority::check(const Caller& caller, Action action, std::vector<Details> about,
                      Answered<Admitted> answered) {
    if (about.empty())
        about.emplace_back();
    auto question = std::make_shared<Question>();
    question->caller = caller;
    question->action = action;
    question->about = std::move(about);
    question->answered = std::move(answered);
    identify(caller, [this, question](Answer<Admitted> admitted) {
        if (!admitted || admitted->asker.uid == 0U)
            return question->answered(std::move(admitted));
        question->admitted = std::move(*admitted);
        ask(question);
    });
}

void Authority::ask(std::shared_ptr<Question> question) {
    Details details = question->about[question->at];
    details["polkit.message"] = message_of(question->action);
    details["polkit.gettext_domain"] = "bindd";
    const std::string cancellation = "bindd-" + std::to_string(++asked_);
    const MessageRef call =
        new_call(bus_, kPolkit, kPolkitPath, kPolkitInterface, "CheckAuthorization");
    if (call == nullptr ||
        !append_question(call.get(), question->caller, question->action, details, cancellation))
        return question->answered(fault(FaultKind::kNotAuthorized, "polkit cannot be asked"));
    open_[question->caller.sender].insert(cancellation);
    send_call(bus_, call.get(), kPatience, [this, question, cancellation](sd_bus_message* reply) {
        replied(question, cancellation, reply);
    });
}

void Authority::replied(const std::shared_ptr<Question>& question, const std::string& cancellation,
                        sd_bus_message* reply) {
    if (const auto open = open_.find(question->caller.sender); open != open_.end()) {
        open->second.erase(cancellation);
        if (open->second.empty())
            open_.erase(open);
    }
    if (const sd_bus_error* error = sd_bus_message_get_error(reply))
        return question->answered(fault(FaultKind::kNotAuthorized, why_no_answer(*error)));
    int authorized = 0;
    int challenge = 0;
    if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
        sd_bus_message_read(reply, "bb", &authorized, &challenge) < 0)
        return question->answered(fault(FaultKind::kNotAuthorized, "polkit's answer cannot be read"));
    const std::string name = action_name(question->action);
    if (authorized == 0)
        return question->answered(
            fault(FaultKind::kNotAuthorized, challenge != 0 ? name + " wants authentication" : name + " is not allowed"));
    if (++question->at < question->about.size())
        return ask(question);
    question->answered(std::move(question->admitted));
}

void Authority::cancel(const std::string& sender) {
    const auto found = open_.extract(sender);
    if (found.empty())
        return;
    for (const std::string& cancellation : found.mapped()) {
        const MessageRef call =
            new_call(bus_, kPolkit, kPolkitPath, kPolkitInterface, "CancelCheckAuthorization");
        if (call != nullptr && sd_bus_message_append(call.get(), "s", cancellation.c_str()) >= 0)
            send_call(bus_, call.get(), kPatience, [](sd_bus_message*) {});
    }
}

}  // namespace bindd
