// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include "bindd/bus/bus_error.hpp"
#include "bindd/bus/object_path.hpp"

namespace bindd {

/// Receives a result that may come later.
template <typename T>
using BusCallback = std::function<void(BusResult<T>)>;

/// A callback that passes an error on to `callback` and a value to `next`.
template <typename T, typename U, typename Next>
[[nodiscard]] BusCallback<T> on_success(BusCallback<U> callback, Next next) {
    return [callback = std::move(callback), next = std::move(next)](BusResult<T> result) {
        if (!result)
            return callback(tl::unexpected(std::move(result).error()));
        if constexpr (std::is_void_v<T>)
            next();
        else
            next(*std::move(result));
    };
}

/// A callback that answers a method call: an error by `reply.refuse()`, a value by `give`.
template <typename T, typename Reply, typename Give>
[[nodiscard]] BusCallback<T> make_reply(Reply reply, Give give) {
    return [reply = std::move(reply), give = std::move(give)](BusResult<T> result) {
        if (!result)
            return reply.refuse(result.error());
        if constexpr (std::is_void_v<T>)
            give(reply);
        else
            give(reply, *std::move(result));
    };
}

/// Answers with the path of the job's object.
template <typename Reply>
[[nodiscard]] BusCallback<JobId> job_reply(Reply reply) {
    return make_reply<JobId>(std::move(reply),
                             [](const Reply& to, JobId job) { to.give_path(job_path(job)); });
}

/// For a caller that is answered when the job ends, or at once if there is no job.
template <typename T>
[[nodiscard]] BusCallback<JobId> reply_on_refusal(const BusCallback<T>& callback) {
    return on_success<JobId>(callback, [](JobId) {});
}

}  // namespace bindd
