// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/device_methods.hpp"

#include <nlohmann/json.hpp>

#include "bindd/bus/message.hpp"
#include "bindd/bus/requests.hpp"
#include "binding/codec/json.hpp"

namespace bindd {
namespace {

/// The key "fds" with the descriptors' names.
int append_fd_names(sd_bus_message* reply, const OpenedDevice& opened) {
    int r = sd_bus_message_open_container(reply, 'e', "sv");
    if (r >= 0)
        r = sd_bus_message_append(reply, "s", "fds");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'v', "as");
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "s");
    for (const auto& [name, fd] : opened.fds)
        if (r >= 0)
            r = sd_bus_message_append(reply, "s", name.c_str());
    for (int depth = 0; depth < 3 && r >= 0; ++depth)
        r = sd_bus_message_close_container(reply);
    return r;
}

int append_opened_device(sd_bus_message* reply, const OpenedDevice& opened) {
    int r = sd_bus_message_open_container(reply, 'a', "{sv}");
    if (r >= 0)
        r = sd_bus_message_append(reply, "{sv}", "backend", "s", opened.backend.c_str());
    for (const auto& [key, value] : opened.facts)
        if (r >= 0)
            r = sd_bus_message_append(reply, "{sv}", key.c_str(), "s", bus_text(value).c_str());
    if (r >= 0)
        r = append_fd_names(reply, opened);
    if (r >= 0)
        r = sd_bus_message_close_container(reply);
    if (r >= 0)
        r = sd_bus_message_open_container(reply, 'a', "h");
    for (const auto& [name, fd] : opened.fds)
        if (r >= 0)
            r = sd_bus_message_append(reply, "h", fd.get());
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

void give_opened_device(const MessageReply& to, const OpenedDevice& opened) {
    sd_bus_message* made = nullptr;
    if (sd_bus_message_new_method_return(to.call(), &made) < 0)
        return;
    const MessageRef reply(made);
    if (append_opened_device(made, opened) < 0)
        return to.refuse({BusErrorKind::kFailed, "cannot pass the file descriptors"});
    (void)sd_bus_send(nullptr, made, nullptr);
}

}  // namespace

int DeviceMethods::call(DeviceMethod method, const sysfs::DeviceId& id,
                        sd_bus_message* message) const {
    if (method == DeviceMethod::kExplain)
        return explain(id, message);
    const MessageReply reply(message);
    const std::string path = sd_bus_message_get_path(message);
    const Caller caller = to_caller(message);
    const MethodOptions options = read_options(message);
    switch (method) {
        case DeviceMethod::kBind:
            requests_.bind(caller, {path}, options, job_reply(reply));
            break;
        case DeviceMethod::kRelease:
            requests_.release(caller, {path}, options, job_reply(reply));
            break;
        case DeviceMethod::kOpen:
            requests_.open(caller, path, options,
                           make_reply<OpenedDevice>(reply, give_opened_device));
            break;
        case DeviceMethod::kExplain:
            break;
    }
    return 1;
}

int DeviceMethods::explain(const sysfs::DeviceId& id, sd_bus_message* call) const {
    const auto explained = controller_.explain_json(id);
    if (!explained) {
        MessageReply(call).refuse(to_bus_error(explained.error()));
        return 1;
    }
    binding::Json json = {{"schema", "vfioctl/1"}};
    json.update(binding::Json::parse(*explained));
    json["warnings"] = controller_.view().warnings;
    return sd_bus_reply_method_return(call, "s", binding::dump(json).c_str());
}

}  // namespace bindd
