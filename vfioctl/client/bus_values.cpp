// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/client/bus_values.hpp"

#include <cstdint>
#include <string_view>

namespace vfioctl {
namespace {

std::string to_text(const sdbus::Variant& value) {
    const std::string type = dbus::variant_type(value);
    if (type == "s")
        return value.get<std::string>();
    if (type == "o")
        return value.get<sdbus::ObjectPath>();
    if (type == "b")
        return value.get<bool>() ? "true" : "false";
    if (type == "i")
        return std::to_string(value.get<std::int32_t>());
    if (type == "u")
        return std::to_string(value.get<std::uint32_t>());
    if (type == "t")
        return std::to_string(value.get<std::uint64_t>());
    std::string out;
    if (type == "a{sv}")
        for (const auto& [key, each] : value.get<BusVariants>())
            out += (out.empty() ? "" : " ") + key + "=" + to_text(each);
    return out;
}

PropertiesChanged read_changed(sdbus::Message& message) {
    BusVariants values;
    PropertiesChanged signal{.path = message.getPath(), .interface = {}, .properties = {}};
    message >> signal.interface >> values;
    signal.properties = to_properties(values);
    return signal;
}

InterfacesAdded read_added(sdbus::Message& message) {
    sdbus::ObjectPath path;
    std::map<std::string, BusVariants> interfaces;
    message >> path >> interfaces;
    InterfacesAdded signal{.path = path, .interfaces = {}};
    for (const auto& [interface, values] : interfaces)
        signal.interfaces.emplace(interface, to_properties(values));
    return signal;
}

InterfacesRemoved read_removed(sdbus::Message& message) {
    sdbus::ObjectPath path;
    message >> path;
    return {path};
}

TransactionFinishedSignal read_finished(sdbus::Message& message) {
    sdbus::ObjectPath job;
    TransactionFinishedSignal signal;
    message >> job >> signal.group >> signal.result;
    return signal;
}

DaemonPresence read_owner(sdbus::Message& message) {
    std::string name;
    std::string before;
    std::string now;
    message >> name >> before >> now;
    return {!now.empty()};
}

}  // namespace

BusProperties to_properties(const BusVariants& values) {
    BusProperties out;
    for (const auto& [name, value] : values) {
        out.emplace(name, to_text(value));
        if (dbus::variant_type(value) == "a{sv}")
            for (const auto& [key, each] : value.get<BusVariants>())
                out.emplace(name + "." + key, to_text(each));
    }
    return out;
}

BusVariants to_variants(const CallOptions& options) {
    BusVariants out;
    for (const auto& [name, option] : options)
        out.emplace(name,
                    std::visit([](const auto& value) { return sdbus::Variant(value); }, option));
    return out;
}

std::optional<BusSignal> read_signal(sdbus::Message& message) {
    const std::string name =
        std::string(message.getInterfaceName()) + "." + std::string(message.getMemberName());
    if (name == "org.freedesktop.DBus.Properties.PropertiesChanged")
        return read_changed(message);
    if (name == "org.freedesktop.DBus.ObjectManager.InterfacesAdded")
        return read_added(message);
    if (name == "org.freedesktop.DBus.ObjectManager.InterfacesRemoved")
        return read_removed(message);
    if (name == "org.bindd1.Manager.TransactionFinished")
        return read_finished(message);
    if (name == "org.freedesktop.DBus.NameOwnerChanged")
        return read_owner(message);
    return std::nullopt;
}

}  // namespace vfioctl
