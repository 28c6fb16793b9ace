// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor/executor_client.hpp"

#include <sys/epoll.h>

#include "binding/codec/codec.hpp"

namespace bindd {

ExecutorClient::ExecutorClient(sd_event* event, LineSocket socket, FdChannel channel)
    : socket_(std::move(socket)),
      channel_(std::move(channel)),
      watch_(event, socket_.fd(), EPOLLIN, [this](std::uint32_t) { on_readable(); }) {}

void ExecutorClient::send_request(const std::string& request, MessageHandler on_message,
                                  EndHandler ended) {
    const std::string id = std::to_string(++last_id_);
    pending_[id] = {std::move(on_message), std::move(ended)};
    socket_.send(id + "\t" + request);
    flush();
}

/// The fds come on another socket than the answer, but before it.
void ExecutorClient::open(const std::string& device, const std::string& backend,
                          std::function<void(base::Result<OpenedDevice>)> done) {
    const std::string which = std::to_string(++last_open_);
    send_request(
        "open\t" + which + "\t" + device + "\t" + backend, {},
        [this, which, done = std::move(done)](const base::Result<void>& ended) {
            opened_.merge(channel_.receive());
            auto opened = opened_.extract(which);
            if (!ended)
                done(base::propagate(ended));
            else if (opened.empty())
                done(base::fail(base::Code::kFailed, "open", "the device", "its fds did not come"));
            else
                done(std::move(opened.mapped()));
        });
}

void ExecutorClient::flush() {
    const bool alive = socket_.flush();
    watch_.set_events(alive && socket_.has_waiting() ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void ExecutorClient::on_readable() {
    flush();
    const auto lines = socket_.receive();
    if (!lines) {
        watch_.set_events(0);
        if (on_lost_)
            on_lost_();
        return;
    }
    for (const std::string& line : *lines)
        dispatch(line);
}

void ExecutorClient::dispatch(const std::string& line) {
    MessageFields parts = split_fields(line);
    const std::string id = parts.front();
    parts.erase(parts.begin());
    if (parts.empty())
        return;
    if (id == "0") {
        if (on_notice_)
            on_notice_(parts);
        return;
    }
    const auto asked = pending_.find(id);
    if (asked == pending_.end())
        return;
    const bool fine = parts[0] == "=";
    if (!fine && parts[0] != "!") {
        if (asked->second.on_message)
            asked->second.on_message(parts);
        return;
    }
    const EndHandler ended = std::move(asked->second.ended);
    pending_.erase(asked);
    if (!ended)
        return;
    if (fine)
        return ended({});
    const auto error = binding::decode<base::Error>(parts.size() > 1 ? parts[1] : "");
    ended(tl::unexpected<base::Error>(error ? *error : error.error()));
}

}  // namespace bindd
