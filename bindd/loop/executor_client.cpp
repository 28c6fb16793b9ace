// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/executor_client.hpp"

#include <sys/epoll.h>

#include <utility>

namespace bindd {

using base::Result;

ExecutorClient::ExecutorClient(sd_event* event, LineSocket socket, FdChannel channel)
    : socket_(std::move(socket)),
      channel_(std::move(channel)),
      watch_(event, socket_.fd(), EPOLLIN, [this](std::uint32_t) { on_readable(); }) {}

void ExecutorClient::send(binding::Message request, ReplyHandler on_reply, EndHandler on_end) {
    pending_[++last_id_] = {std::move(on_reply), std::move(on_end)};
    socket_.send(binding::encode_message({last_id_, std::move(request)}));
    flush();
}

/// The fds come on another socket than Completed, but before it.
void ExecutorClient::open(const sysfs::DeviceId& device, const std::string& backend,
                          OpenHandler on_opened) {
    const std::string ticket = std::to_string(++last_ticket_);
    send(binding::OpenForClient{ticket, device, backend}, {},
         [this, ticket, on_opened = std::move(on_opened)](const Result<void>& ended) {
             opened_.merge(channel_.receive());
             auto opened = opened_.extract(ticket);
             if (!ended)
                 on_opened(base::propagate(ended));
             else if (opened.empty())
                 on_opened(
                     base::fail(base::Code::kFailed, "open", "the device", "its fds did not come"));
             else
                 on_opened(std::move(opened.mapped()));
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
    for (const std::string& line : *lines) {
        auto envelope = binding::decode_message(line);
        if (envelope)
            dispatch(*std::move(envelope));
        else
            reject(line, envelope.error());
    }
}

void ExecutorClient::dispatch(binding::Envelope envelope) {
    if (envelope.id == 0) {
        if (on_notice_)
            on_notice_(std::move(envelope.message));
        return;
    }
    const auto pending = pending_.find(envelope.id);
    if (pending == pending_.end())
        return report_protocol_error(binding::unexpected_message(envelope.message));
    if (std::holds_alternative<binding::Completed>(envelope.message))
        return end(envelope.id, {});
    if (const auto* failed = std::get_if<binding::Failed>(&envelope.message))
        return end(envelope.id, tl::unexpected(failed->error));
    if (pending->second.on_reply)
        pending->second.on_reply(std::move(envelope.message));
    else
        end(envelope.id, tl::unexpected(binding::unexpected_message(envelope.message)));
}

/// Ends the request that the line answers: nothing else would.
void ExecutorClient::reject(const std::string& line, const base::Error& error) {
    report_protocol_error(error);
    if (const auto id = binding::decode_message_id(line); id && pending_.contains(*id))
        end(*id, tl::unexpected(error));
}

void ExecutorClient::end(std::uint64_t id, const Result<void>& result) {
    const auto pending = pending_.extract(id);
    if (pending.mapped().on_end)
        pending.mapped().on_end(result);
}

void ExecutorClient::report_protocol_error(const base::Error& error) const {
    if (on_protocol_error_)
        on_protocol_error_(error);
}

}  // namespace bindd
