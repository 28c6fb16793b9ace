// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor_link.hpp"

#include <sys/epoll.h>

#include "binding/wire.hpp"

namespace bindd {

ExecutorLink::ExecutorLink(sd_event* event, LineSocket socket, FdChannel channel)
    : socket_(std::move(socket)), channel_(std::move(channel)),
      watch_(event, socket_.fd(), EPOLLIN, [this](std::uint32_t) { called(); }) {}

void ExecutorLink::ask(const std::string& request, Said said, Ended ended) {
    const std::string id = std::to_string(++last_id_);
    asked_[id] = {std::move(said), std::move(ended)};
    socket_.send(id + "\t" + request);
    flush();
}

/// The fds come on another socket than the answer, but before it.
void ExecutorLink::open(const std::string& device, const std::string& backend,
                        std::function<void(sysfs::Result<OpenedDevice>)> done) {
    const std::string which = std::to_string(++last_open_);
    ask("open\t" + which + "\t" + device + "\t" + backend, {},
        [this, which, done = std::move(done)](const sysfs::Result<void>& ended) {
            opened_.merge(channel_.take());
            auto opened = opened_.extract(which);
            if (!ended)
                done(sysfs::propagate(ended));
            else if (opened.empty())
                done(sysfs::fail(sysfs::Code::kFailed, "open", "the device", "its fds did not come"));
            else
                done(std::move(opened.mapped()));
        });
}

void ExecutorLink::flush() {
    const bool alive = socket_.flush();
    watch_.want(alive && socket_.has_waiting() ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void ExecutorLink::called() {
    flush();
    const auto lines = socket_.take();
    if (!lines) {
        watch_.want(0);
        if (lost_)
            lost_();
        return;
    }
    for (const std::string& line : *lines)
        take(line);
}

void ExecutorLink::take(const std::string& line) {
    Parts parts = parts_of(line);
    const std::string id = parts.front();
    parts.erase(parts.begin());
    if (parts.empty())
        return;
    if (id == "0") {
        if (notice_)
            notice_(parts);
        return;
    }
    const auto asked = asked_.find(id);
    if (asked == asked_.end())
        return;
    const bool fine = parts[0] == "=";
    if (!fine && parts[0] != "!") {
        if (asked->second.said)
            asked->second.said(parts);
        return;
    }
    const Ended ended = std::move(asked->second.ended);
    asked_.erase(asked);
    if (!ended)
        return;
    if (fine)
        return ended({});
    const auto error = binding::of_wire<sysfs::Error>(parts.size() > 1 ? parts[1] : "");
    ended(tl::unexpected<sysfs::Error>(error ? *error : error.error()));
}

}  // namespace bindd
