// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "base/unique_fd.hpp"
#include "bindd/bus/callback.hpp"
#include "bindd/bus/message.hpp"
#include "dbus/sdbus_compat.hpp"

/// Replies of the objects that sdbus-c++ serves. Version 1.2 ends the process when a handler throws
/// anything but its own Error, so every handler and every getter is wrapped here.
namespace bindd {

/// A reply that comes later; copies share it. A reply that cannot be sent is dropped: the caller is
/// gone.
template <typename... R>
class Reply {
  public:
    explicit Reply(sdbus::Result<R...>&& result)
        : result_(std::make_shared<sdbus::Result<R...>>(std::move(result))) {}

    void give(const R&... values) const {
        try {
            result_->returnResults(values...);
        } catch (const std::exception& problem) {
            refuse({BusErrorKind::kFailed, problem.what()});
        }
    }
    void give_path(const std::string& path) const { give(sdbus::ObjectPath(path)); }
    void refuse(const BusError& error) const noexcept {
        try {
            result_->returnError(
                dbus::make_error(bus_error_name(error.kind), bus_text(error.text)));
        } catch (const std::exception&) {
            return;  // the caller is gone, or memory is exhausted
        }
    }

  private:
    std::shared_ptr<sdbus::Result<R...>> result_;
};

/// Runs the body of a handler with its reply.
template <typename Body, typename... R>
void handle(sdbus::Result<R...>&& result, Body&& body) {
    const Reply<R...> reply(std::move(result));
    try {
        body(reply);
    } catch (const std::exception& problem) {
        reply.refuse({BusErrorKind::kFailed, problem.what()});
    } catch (...) {
        reply.refuse({BusErrorKind::kFailed, "unknown exception"});
    }
}

/// Runs the body of a getter. An exception becomes an Error of sdbus-c++.
template <typename Body>
auto read_out(Body&& body) -> decltype(body()) {
    try {
        return body();
    } catch (const std::exception& problem) {
        throw dbus::make_error(bus_error_name(BusErrorKind::kFailed), problem.what());
    }
}

/// A copy of a member, in a getter.
template <typename T>
T read_copy(const auto& member) {
    return read_out([&] { return T(member); });
}

/// Answers with the value itself.
template <typename T>
[[nodiscard]] BusCallback<T> value_reply(const Reply<T>& reply) {
    return make_reply<T>(reply, [](const Reply<T>& to, const T& value) { to.give(value); });
}
[[nodiscard]] inline BusCallback<void> empty_reply(const Reply<>& reply) {
    return make_reply<void>(reply, [](const Reply<>& to) { to.give(); });
}
[[nodiscard]] inline BusCallback<base::UniqueFd> fd_reply(const Reply<sdbus::UnixFd>& reply) {
    return make_reply<base::UniqueFd>(
        reply, [](const auto& to, const base::UniqueFd& fd) { to.give(sdbus::UnixFd(fd.get())); });
}

}  // namespace bindd
