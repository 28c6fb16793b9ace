// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/authority.hpp"

#include <chrono>
#include <cstring>
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
constexpr std::uint32_t kAllowUserInteraction = 1;

std::string hex_or_empty(const std::optional<std::uint16_t>& value) {
    return value ? base::to_hex(*value, 4) : std::string{};
}

constexpr base::NameTable<Action::kReload> kPolkitMessages{
    "Authentication is required to change the driver of $(address)",
    "Authentication is required to carry out the device policies",
    "Authentication is required to open $(address)",
    "Authentication is required to change the mediated devices of $(address)",
    "Authentication is required to change the virtual functions of $(address)",
    "Authentication is required to take $(address) although it is in use",
    "Authentication is required to reload the device policies"};

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

constexpr base::NameTable<Action::kReload> kActionNames{
    "org.bindd1.bind",  "org.bindd1.apply", "org.bindd1.open",  "org.bindd1.mdev",
    "org.bindd1.sriov", "org.bindd1.force", "org.bindd1.reload"};

}  // namespace

/// The check of one request, one device after the other.
struct Authority::PendingCheck {
    Caller caller;
    Action action{};
    std::vector<Details> about;
    std::size_t at = 0;
    AuthorizedCaller authorized;
    BusCallback<AuthorizedCaller> callback;
};

const char* action_name(Action action) {
    return kActionNames[action];
}

Details to_details(const sysfs::Device& device) {
    return {
        {"address", device.id.display()},
        {"bus", device.id.bus},
        {"vendor", hex_or_empty(device.ids.vendor)},
        {"device", hex_or_empty(device.ids.device)},
        {"subsystem_vendor", hex_or_empty(device.ids.subsystem_vendor)},
        {"subsystem_device", hex_or_empty(device.ids.subsystem_device)},
        {"class", device.ids.class_code ? base::to_hex(*device.ids.class_code, 6) : std::string{}},
        {"driver", device.driver.value_or("")},
        {"group", device.iommu_group ? std::to_string(*device.iommu_group) : std::string{}}};
}

std::vector<Details> to_details(const Paths& paths, const DevicePaths& known,
                                const sysfs::Inventory& inventory) {
    std::vector<Details> out;
    for (const std::string& path : paths) {
        if (out.size() == DevicePaths::kMaxDevices)
            break;
        const sysfs::DeviceId* id = known.find(path);
        const sysfs::Device* device = id == nullptr ? nullptr : inventory.find(*id);
        out.push_back(device == nullptr ? Details{{"address", path}} : to_details(*device));
    }
    return out;
}

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

void Authority::check(const Caller& caller, Action action, std::vector<Details> about,
                      BusCallback<AuthorizedCaller> callback) {
    if (about.empty())
        about.emplace_back();
    auto pending = std::make_shared<PendingCheck>();
    pending->caller = caller;
    pending->action = action;
    pending->about = std::move(about);
    pending->callback = std::move(callback);
    identify(caller, [this, pending](BusResult<AuthorizedCaller> authorized) {
        if (!authorized || authorized->requester.uid == 0U)
            return pending->callback(std::move(authorized));
        pending->authorized = std::move(*authorized);
        ask(pending);
    });
}

void Authority::ask(std::shared_ptr<PendingCheck> pending) {
    Details details = pending->about[pending->at];
    details["polkit.message"] = polkit_message(pending->action);
    details["polkit.gettext_domain"] = "bindd";
    const std::string cancellation = "bindd-" + std::to_string(++asked_);
    const MessageRef call =
        new_call(bus_, kPolkit, kPolkitPath, kPolkitInterface, "CheckAuthorization");
    if (call == nullptr ||
        !append_check(call.get(), pending->caller, pending->action, details, cancellation))
        return pending->callback(bus_error(BusErrorKind::kNotAuthorized, "polkit cannot be asked"));
    open_[pending->caller.sender].insert(cancellation);
    send_call(bus_, call.get(), kPolkitTimeout,
              [this, pending, cancellation](sd_bus_message* reply) {
                  replied(pending, cancellation, reply);
              });
}

void Authority::replied(const std::shared_ptr<PendingCheck>& pending,
                        const std::string& cancellation, sd_bus_message* reply) {
    if (const auto open = open_.find(pending->caller.sender); open != open_.end()) {
        open->second.erase(cancellation);
        if (open->second.empty())
            open_.erase(open);
    }
    if (const sd_bus_error* error = sd_bus_message_get_error(reply))
        return pending->callback(bus_error(BusErrorKind::kNotAuthorized, why_no_answer(*error)));
    int authorized = 0;
    int challenge = 0;
    if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") < 0 ||
        sd_bus_message_read(reply, "bb", &authorized, &challenge) < 0)
        return pending->callback(
            bus_error(BusErrorKind::kNotAuthorized, "polkit's answer cannot be read"));
    const std::string name = action_name(pending->action);
    if (authorized == 0)
        return pending->callback(
            bus_error(BusErrorKind::kNotAuthorized,
                      challenge != 0 ? name + " wants authentication" : name + " is not allowed"));
    if (++pending->at < pending->about.size())
        return ask(pending);
    pending->callback(std::move(pending->authorized));
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
