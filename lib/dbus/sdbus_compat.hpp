// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sdbus-c++/sdbus-c++.h>
#include <systemd/sd-bus.h>

#include <memory>
#include <string>
#include <system_error>
#include <utility>

/// The differences between sdbus-c++ 1.2 (Debian 12) and 2.x (Debian 13). No other file depends on
/// the version. Header only and in a folder of its own: the daemon and vfioctl's client both need
/// it, may not include each other, and no library below them uses D-Bus.
namespace dbus {

/// One connection for both libraries: `raw` serves the interfaces that have thousands of objects,
/// and makes calls that must not block. `connection` owns it.
struct Connection {
    std::unique_ptr<sdbus::IConnection> connection;
    sd_bus* raw = nullptr;
};

/// The sd-bus message below; sdbus-c++ has no public way to it.
[[nodiscard]] inline sd_bus_message* raw_message(const sdbus::Message& message) {
    struct MessageAccess : sdbus::Message {
        static sd_bus_message* get(const sdbus::Message& from) {
            return static_cast<sd_bus_message*>(from.*(&MessageAccess::msg_));
        }
    };
    return MessageAccess::get(message);
}

// The include guard of a header of 2.x that sdbus-c++.h includes. __has_include() would also find
// the header of the build machine's library beside that of the machine that is built for.
#ifdef SDBUS_CXX_VTABLEITEMS_H_

using ServiceName = sdbus::ServiceName;
using ObjectPath = sdbus::ObjectPath;
using InterfaceName = sdbus::InterfaceName;
using MemberName = sdbus::MethodName;
using ErrorName = sdbus::Error::Name;

/// An empty address is the system bus, which DBUS_SYSTEM_BUS_ADDRESS may replace. Throws.
[[nodiscard]] inline Connection connect(const std::string& address) {
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

/// Handles one event of the connection; false: there was none, and the caller has to poll.
[[nodiscard]] inline bool process_event(sdbus::IConnection& connection) {
    return connection.processPendingEvent();
}

/// Calls `handler` with each message that matches, until the slot is destroyed.
template <typename Handler>
[[nodiscard]] sdbus::Slot add_match(sdbus::IConnection& connection, const std::string& match,
                                    Handler handler) {
    return connection.addMatch(
        match, [handler = std::move(handler)](sdbus::Message message) mutable { handler(message); },
        sdbus::return_slot);
}

#else

using ServiceName = std::string;
using ObjectPath = std::string;
using InterfaceName = std::string;
using MemberName = std::string;
using ErrorName = std::string;

/// An empty address is the system bus, which DBUS_SYSTEM_BUS_ADDRESS may replace. Throws. Version
/// 1.2 neither takes a connection nor hands out its own, but each message refers to it: a call is
/// made, and not sent, to read the pointer.
[[nodiscard]] inline Connection connect(const std::string& address) {
    auto connection = address.empty() ? sdbus::createSystemBusConnection()
                                      : sdbus::createSessionBusConnectionWithAddress(address);
    const auto proxy =
        sdbus::createProxy(*connection, "org.freedesktop.DBus", "/org/freedesktop/DBus");
    sd_bus* raw = sd_bus_message_get_bus(
        raw_message(proxy->createMethodCall("org.freedesktop.DBus.Peer", "Ping")));
    return {std::move(connection), raw};
}

/// Handles one event of the connection; false: there was none, and the caller has to poll.
[[nodiscard]] inline bool process_event(sdbus::IConnection& connection) {
    return connection.processPendingRequest();
}

/// Calls `handler` with each message that matches, until the slot is destroyed.
template <typename Handler>
[[nodiscard]] sdbus::Slot add_match(sdbus::IConnection& connection, const std::string& match,
                                    Handler handler) {
    return connection.addMatch(match, std::move(handler));
}

#endif

[[nodiscard]] inline sdbus::Error make_error(const char* name, const std::string& text) {
    return {ErrorName(name), text};
}

/// "a{sv}"; 2.x returns a pointer.
[[nodiscard]] inline std::string variant_type(const sdbus::Variant& value) {
    return value.peekValueType();
}

}  // namespace dbus
