// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sdbus-c++/sdbus-c++.h>
#include <systemd/sd-bus.h>

#include <memory>
#include <string>

/// What differs between sdbus-c++ 1.2 (Debian 12) and 2.x (Debian 13), all of it; no other file may
/// care.
namespace bindd {

#if __has_include(<sdbus-c++/VTableItems.h>)
using BusServiceName = sdbus::ServiceName;
using BusErrorName = sdbus::Error::Name;
using BusObjectPath = sdbus::ObjectPath;
using BusInterfaceName = sdbus::InterfaceName;
using BusMemberName = sdbus::MethodName;
#else
using BusServiceName = std::string;
using BusErrorName = std::string;
using BusObjectPath = std::string;
using BusInterfaceName = std::string;
using BusMemberName = std::string;
#endif

[[nodiscard]] inline sdbus::Error make_sdbus_error(const char* name, const std::string& text) {
    return {BusErrorName(name), text};
}

/// `address` empty: the system bus, which may be another one by DBUS_SYSTEM_BUS_ADDRESS.
[[nodiscard]] inline std::unique_ptr<sdbus::IConnection> connect_bus(const std::string& address) {
    return address.empty() ? sdbus::createSystemBusConnection()
                           : sdbus::createSessionBusConnectionWithAddress(address);
}

/// The connection below: interfaces that thousands of objects have are registered with it directly,
/// and calls that must not wait are made with it. sdbus-c++ does not hand it out; every message
/// knows its bus.
[[nodiscard]] inline sd_bus* raw_bus(sdbus::IConnection& connection) {
    struct MessageAccess : sdbus::Message {
        static sd_bus_message* of(const sdbus::Message& message) {
            return static_cast<sd_bus_message*>(message.*(&MessageAccess::msg_));
        }
    };
    const auto proxy = sdbus::createProxy(connection, BusServiceName("org.freedesktop.DBus"),
                                          BusObjectPath("/org/freedesktop/DBus"));
    const auto call = proxy->createMethodCall(BusInterfaceName("org.freedesktop.DBus.Peer"),
                                              BusMemberName("Ping"));
    return sd_bus_message_get_bus(MessageAccess::of(call));
}

/// "a{sv}"; 2.x has it as a pointer.
[[nodiscard]] inline std::string variant_type(const sdbus::Variant& value) {
    return value.peekValueType();
}

}  // namespace bindd
