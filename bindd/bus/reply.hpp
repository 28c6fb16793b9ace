// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <exception>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindd/bus/message.hpp"
#include "bindd/bus/method_options.hpp"
#include "bindd/bus/object_path.hpp"
#include "dbus/sdbus_compat.hpp"

/// Answers of the objects that sdbus-c++ serves. Of what a handler throws, version 1.2 lets pass
/// nothing but its own Error without ending the process, so every handler and every getter goes
/// through here.
namespace bindd {

using Variants = std::map<std::string, sdbus::Variant>;

/// The options by what they are, not yet by what they may be.
[[nodiscard]] MethodOptions to_method_options(const Variants& variants);

/// A reply that has not been given yet; copies are of the same. An answer that cannot be sent is
/// dropped: who asked is gone.
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
    void refuse(const BusError& error) const noexcept {
        try {
            result_->returnError(
                dbus::make_error(bus_error_name(error.kind), bus_text(error.text)));
        } catch (const std::exception&) {
            return;  // gone, or no memory to say so
        }
    }

  private:
    std::shared_ptr<sdbus::Result<R...>> result_;
};

/// Runs a handler's body with the reply that it owes.
template <typename Body, typename... R>
void handle(sdbus::Result<R...>&& result, Body&& body) {
    const Reply<R...> reply(std::move(result));
    try {
        body(reply);
    } catch (const std::exception& problem) {
        reply.refuse({BusErrorKind::kFailed, problem.what()});
    } catch (...) {
        reply.refuse({BusErrorKind::kFailed, "something that is no exception was thrown"});
    }
}

/// A property's value; what it throws becomes an Error.
template <typename Body>
auto read_out(Body&& body) -> decltype(body()) {
    try {
        return body();
    } catch (const std::exception& problem) {
        throw dbus::make_error(bus_error_name(BusErrorKind::kFailed), problem.what());
    }
}

/// Answers with a job's path.
[[nodiscard]] inline BusCallback<JobId> job_reply(const Reply<sdbus::ObjectPath>& reply) {
    return [reply](BusResult<JobId> job) {
        if (!job)
            return reply.refuse(job.error());
        reply.give(sdbus::ObjectPath(job_path(*job)));
    };
}

/// Answers with the value itself.
template <typename T>
[[nodiscard]] BusCallback<T> value_reply(const Reply<T>& reply) {
    return [reply](BusResult<T> value) {
        if (!value)
            return reply.refuse(value.error());
        reply.give(*value);
    };
}

[[nodiscard]] inline BusCallback<void> empty_reply(const Reply<>& reply) {
    return [reply](BusResult<void> done) {
        if (!done)
            return reply.refuse(done.error());
        reply.give();
    };
}

}  // namespace bindd
