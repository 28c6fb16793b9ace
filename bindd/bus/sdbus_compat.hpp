// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sdbus-c++/sdbus-c++.h>
#include <systemd/sd-bus.h>

#include <memory>
#include <string>
#include <system_error>

/// The differences between sdbus-c++ 1.2 (Debian 12) and 2.x (Debian 13). No other file depends on
/// the version.
namespace bindd {

/// One connection for both libraries: `raw` serves the interfaces that have thousands of objects,
/// and makes calls that must not block. `connection` owns it.
struct BusConnection {
    std::unique_ptr<sdbus::IConnection> connection;
    sd_bus* raw = nullptr;
};

#if __has_include(<sdbus-c++/VTableItems.h>)

using BusObjectPath = sdbus::ObjectPath;
using BusErrorName = sdbus::Error::Name;

/// An empty address is the system bus, which DBUS_SYSTEM_BUS_ADDRESS may replace. Throws.
[[nodiscard]] inline BusConnection connect_bus(const std::string& address) {
    sd_bus* raw = nullptr;
    int r = address.empty() ? sd_bus_open_system(&raw) : sd_bus_new(&raw);
    if (!address.empty()) {
        if (r >= 0)
            r = sd_bus_set_address(raw, address.c_str());
        if (r >= 0)
            r = sd_bus_set_bus_client(raw, 1);
        if (r >= 0)
            r = sd_bus_start(raw);
    }
    if (r < 0) {
        sd_bus_unref(raw);
        throw std::system_error(-r, std::generic_category());
    }
    return {sdbus::createBusConnection(raw), raw};
}

#else

using BusObjectPath = std::string;
using BusErrorName = std::string;

/// Version 1.2 neither takes a connection nor hands out its own, but each message refers to it: a
/// call is made, and not sent, to read the pointer.
[[nodiscard]] inline sd_bus* raw_bus(sdbus::IConnection& connection) {
    struct MessageAccess : sdbus::Message {
        static sd_bus_message* of(const sdbus::Message& message) {
            return static_cast<sd_bus_message*>(message.*(&MessageAccess::msg_));
        }
    };
    const auto proxy =
        sdbus::createProxy(connection, "org.freedesktop.DBus", "/org/freedesktop/DBus");
    const auto call = proxy->createMethodCall("org.freedesktop.DBus.Peer", "Ping");
    return sd_bus_message_get_bus(MessageAccess::of(call));
}

/// An empty address is the system bus, which DBUS_SYSTEM_BUS_ADDRESS may replace. Throws.
[[nodiscard]] inline BusConnection connect_bus(const std::string& address) {
    auto connection = address.empty() ? sdbus::createSystemBusConnection()
                                      : sdbus::createSessionBusConnectionWithAddress(address);
    sd_bus* raw = raw_bus(*connection);
    return {std::move(connection), raw};
}

#endif

[[nodiscard]] inline sdbus::Error make_sdbus_error(const char* name, const std::string& text) {
    return {BusErrorName(name), text};
}

/// "a{sv}"; 2.x returns a pointer.
[[nodiscard]] inline std::string variant_type(const sdbus::Variant& value) {
    return value.peekValueType();
}

}  // namespace bindd
