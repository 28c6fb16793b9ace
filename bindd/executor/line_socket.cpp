// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor/line_socket.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace bindd {

base::Result<LineSocket::Pair> LineSocket::pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
        return base::fail_errno(errno, "create a socket pair", "executor");
    return Pair{LineSocket(base::UniqueFd(ends[0])), LineSocket(base::UniqueFd(ends[1]))};
}

void LineSocket::send(const std::string& line) {
    waiting_ += line;
    waiting_ += '\n';
}

bool LineSocket::flush() {
    while (has_waiting()) {
        const ssize_t put =
            ::send(fd_.get(), waiting_.data() + sent_, waiting_.size() - sent_, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno == EAGAIN;
        sent_ += static_cast<std::size_t>(put);
    }
    waiting_ = {};  // frees its memory: a scan of a large host is megabytes
    sent_ = 0;
    return true;
}

std::optional<std::vector<std::string>> LineSocket::receive() {
    std::array<char, 65536> buffer{};
    std::vector<std::string> complete;
    while (!gone_) {
        const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            break;
        gone_ = got <= 0;
        if (!gone_)
            unread_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = unread_.find('\n', begin)) != std::string::npos;
         begin = end + 1)
        complete.push_back(unread_.substr(begin, end - begin));
    unread_.erase(0, begin);
    unread_.shrink_to_fit();
    // Lines before the end still count.
    if (gone_ && complete.empty())
        return std::nullopt;
    return complete;
}

}  // namespace bindd
