// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>

#include "bindd/bus/message.hpp"
#include "bindd/bus/requests.hpp"
#include "bindd/interfaces/device_objects.hpp"
#include "bindd/interfaces/property_values.hpp"
#include "binding/codec/json.hpp"

/// What can be asked of a device. The message is kept until the answer is known; the device is
/// found again by then.
namespace bindd {
namespace {

/// Answers with the path of a job.
BusCallback<JobId> job_reply(sd_bus_message* call) {
    return [kept = std::shared_ptr<sd_bus_message>(share(call))](BusResult<JobId> job) {
        if (!job)
            return reply_error(kept.get(), job.error());
        (void)sd_bus_reply_method_return(kept.get(), "o", job_path(*job).c_str());
    };
}

int append_opened_device(sd_bus_message* reply, const OpenedDevice& opened) {
    int r = sd_bus_message_open_container(reply, 'a', "{sv}");
    if (r >= 0)
        r = sd_bus_message_append(reply, "{sv}", "backend", "s", opened.backend.c_str());
    for (const auto& [key, value] : opened.facts)
        if (r >= 0)
            r = sd_bus_message_append(reply, "{sv}", key.c_str(), "s", bus_text(value).c_str());
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'e', "sv");
    if (r >= 0)
        r = sd_bus_message_append(reply, "s", "fds");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'v', "as");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "s");
    for (const auto& [name, fd] : opened.fds)
        if (r >= 0)
            r = sd_bus_message_append(reply, "s", name.c_str());
    for (int depth = 0; depth < 4 && r >= 0; ++depth)
        r = sd_bus_message_close_container(reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "h");
    for (const auto& [name, fd] : opened.fds)
        if (r >= 0)
            r = sd_bus_message_append(reply, "h", fd.get());
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

void reply_opened_device(sd_bus_message* call, const OpenedDevice& opened) {
    sd_bus_message* made = nullptr;
    if (sd_bus_message_new_method_return(call, &made) < 0)
        return;
    const MessageRef reply(made);
    if (append_opened_device(made, opened) < 0)
        return reply_error(call,
                           {BusErrorKind::kFailed, "the file descriptors cannot be handed over"});
    (void)sd_bus_send(nullptr, made, nullptr);
}

}  // namespace

int DeviceObjects::call_method(DeviceMethod method, sd_bus_message* message) {
    const std::string path = sd_bus_message_get_path(message);
    switch (method) {
        case DeviceMethod::kBind:
        case DeviceMethod::kRelease:
            reply_job(message, path, method);
            return 1;
        case DeviceMethod::kExplain:
            return reply_explain(message);
        case DeviceMethod::kOpen:
            reply_open(message, path);
            return 1;
    }
    return 0;
}

void DeviceObjects::reply_job(sd_bus_message* call, const std::string& path, DeviceMethod method) {
    // The types were checked by the vtable; which options these are is not for now.
    const auto options = read_options(call);
    const Caller caller = to_caller(call);
    const auto callback = job_reply(call);
    const MethodOptions given = options.value_or(MethodOptions{{"", OtherType{}}});
    if (method == DeviceMethod::kBind)
        requests_.bind(caller, {path}, given, callback);
    else
        requests_.release(caller, {path}, given, callback);
}

void DeviceObjects::reply_open(sd_bus_message* call, const std::string& path) {
    const auto options = read_options(call);
    const std::shared_ptr<sd_bus_message> kept = share(call);
    requests_.open(to_caller(call), path, options.value_or(MethodOptions{{"", OtherType{}}}),
                   [kept](BusResult<OpenedDevice> opened) {
                       if (!opened)
                           return reply_error(kept.get(), opened.error());
                       reply_opened_device(kept.get(), *opened);
                   });
}

int DeviceObjects::reply_explain(sd_bus_message* call) {
    const auto explained = controller_.explain_json(facts_.device->id);
    if (!explained) {
        reply_error(call, to_bus_error(explained.error()));
        return 1;
    }
    binding::Json json = {{"schema", "vfioctl/1"}};
    json.update(binding::Json::parse(*explained));
    json["warnings"] = controller_.view().warnings;
    return sd_bus_reply_method_return(call, "s", binding::dump(json).c_str());
}

}  // namespace bindd
