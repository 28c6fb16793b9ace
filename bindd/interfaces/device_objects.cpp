// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/device_objects.hpp"

#include "bindd/bus/message.hpp"
#include "bindd/bus/requests.hpp"

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

/// The first argument of a call whose options have been read.
int read_first(sd_bus_message* call, char type, void* value) {
    const int r = sd_bus_message_rewind(call, 1);
    return r < 0 ? r : sd_bus_message_read_basic(call, type, value);
}

void give_new_mdev(const MessageReply& to, const ChildRequests::NewMdev& made) {
    const std::string mdev = made.uuid.empty() ? "/" : mdev_path(made.uuid);
    (void)sd_bus_reply_method_return(to.call(), "oo", job_path(made.job).c_str(), mdev.c_str());
}

void give_text(const MessageReply& to, const std::string& text) {
    (void)sd_bus_reply_method_return(to.call(), "s", text.c_str());
}

template <typename T>
std::string hex_or_empty(const std::optional<T>& value, std::size_t digits) {
    return value ? base::to_hex(*value, digits) : std::string{};
}

}  // namespace

DeviceObjects::DeviceObjects(sd_bus* bus, const ControllerRunner& controller, Requests& requests,
                             Inspection& inspection, DevicePaths& paths, const sysfs::Root& root)
    : FallbackObjects(bus, kDeviceRoot, kDeviceInterface, kDeviceVtable<FoundDevice>),
      controller_(controller),
      requests_(requests),
      inspection_(inspection),
      paths_(paths),
      hardware_(root) {}

void* DeviceObjects::find(const std::string& path) {
    const sysfs::DeviceId* id = paths_.find(path);
    const sysfs::Device* device = id == nullptr ? nullptr : controller_.view().inventory.find(*id);
    if (device == nullptr)
        return nullptr;
    found_ = {.objects = this,
              .device = device,
              .decision = controller_.view().decision(*id),
              .state = controller_.state(*device)};
    return &found_;
}

std::vector<std::string> DeviceObjects::paths() const {
    return paths_.all();
}

void DeviceObjects::appeared(const sysfs::DeviceId& id) {
    const std::string& path = paths_.add(id);
    if (find(path) == nullptr)
        return;
    published_[id] = compute_digests(found_);
    emit_added(path);
}

void DeviceObjects::vanished(const sysfs::DeviceId& id) {
    const std::string* path = paths_.find(id);
    if (path == nullptr)
        return;
    emit_removed(*path);
    published_.erase(id);
    paths_.remove(id);
}

void DeviceObjects::changed(const sysfs::DeviceId& id) {
    const std::string* path = paths_.find(id);
    if (path == nullptr || find(*path) == nullptr)
        return;
    const Digests now = compute_digests(found_);
    Digests& before = published_[id];
    std::vector<const char*> names;
    for (std::size_t i = 0; i < now.size(); ++i)
        if (now.at(i) != before.at(i))
            names.push_back(kDeviceChanging.at(i).second);
    before = now;
    if (!names.empty())
        emit_changed(*path, names);
}

DeviceObjects::Digests DeviceObjects::compute_digests(const FoundDevice& found) {
    Digests out{};
    for (std::size_t i = 0; i < out.size(); ++i)
        out.at(i) = digest(found.value(kDeviceChanging.at(i).first));
    return out;
}

/// The digest of value() shows every change; what its signal shows is for everybody.
std::string DeviceObjects::FoundDevice::shown_reason() const {
    if (!state.reason)
        return {};
    return objects->controller_.state(*device, objects->inspection_.for_reader())
        .reason.value_or("");
}

PropertyValue DeviceObjects::FoundDevice::value(DeviceProperty property) const {
    switch (property) {
        case DeviceProperty::kBus:
            return device->id.bus;
        case DeviceProperty::kAddress:
            return device->id.name;
        case DeviceProperty::kVendor:
            return hex_or_empty(device->ids.vendor, 4);
        case DeviceProperty::kDevice:
            return hex_or_empty(device->ids.device, 4);
        case DeviceProperty::kSubsystemVendor:
            return hex_or_empty(device->ids.subsystem_vendor, 4);
        case DeviceProperty::kSubsystemDevice:
            return hex_or_empty(device->ids.subsystem_device, 4);
        case DeviceProperty::kClass:
            return hex_or_empty(device->ids.class_code, 6);
        case DeviceProperty::kRevision:
            return hex_or_empty(device->ids.revision, 2);
        case DeviceProperty::kVendorName:
            return objects->hardware_.names(*device).vendor.value_or("");
        case DeviceProperty::kDeviceName:
            return objects->hardware_.names(*device).device.value_or("");
        case DeviceProperty::kDriver:
            return device->driver.value_or("");
        case DeviceProperty::kDriverOverride:
            return device->driver_override.value_or("");
        case DeviceProperty::kIommuGroup:
            return number_or_none(device->iommu_group);
        case DeviceProperty::kGroup:
            return PathValue{device->iommu_group ? group_path(*device->iommu_group) : "/"};
        case DeviceProperty::kNumaNode:
            return number_or_none(device->numa_node);
        case DeviceProperty::kBootVga:
            return device->boot_vga ? static_cast<int>(*device->boot_vga) : -1;
        case DeviceProperty::kVfio:
            return vfio_pairs(*device);
        case DeviceProperty::kWanted:
            return wanted_pairs(decision);
        case DeviceProperty::kState:
            return state.state;
        case DeviceProperty::kReason:
            return state.reason.value_or("");
        case DeviceProperty::kNote:
            return state.note;
        case DeviceProperty::kClaimedFor:
            return objects->claimed_for_(device->id);
    }
    return {};
}

int DeviceObjects::call(DeviceMethod method, const sysfs::DeviceId& id,
                        sd_bus_message* message) const {
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
        case DeviceMethod::kSetVfs: {
            std::uint32_t count = 0;
            if (const int r = read_first(message, 'u', &count); r < 0)
                return r;
            requests_.children().set_vfs(caller, path, count, options, job_reply(reply));
            break;
        }
        case DeviceMethod::kCreateMdev: {
            const char* type = nullptr;
            if (const int r = read_first(message, 's', &type); r < 0)
                return r;
            requests_.children().create_mdev(
                caller, path, type, options,
                make_reply<ChildRequests::NewMdev>(reply, give_new_mdev));
            break;
        }
        case DeviceMethod::kOpen:
            requests_.open(caller, path, options,
                           make_reply<OpenedDevice>(reply, give_opened_device));
            break;
        case DeviceMethod::kExplain:
            requests_.explain(caller, id, make_reply<std::string>(reply, give_text));
            break;
    }
    return 1;
}

}  // namespace bindd
