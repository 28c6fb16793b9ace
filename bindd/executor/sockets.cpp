// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor/sockets.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "binding/codec/object_codec.hpp"

namespace bindd {

/// What goes beside the fds: which request they answer, and what each is.
struct FdDescription {
    std::string ticket;
    std::string backend;
    std::vector<std::string> fds;
    std::map<std::string, std::string> facts;
};

}  // namespace bindd

namespace binding {
BINDD_FIELDS(bindd::FdDescription, ticket, backend, fds, facts)
}  // namespace binding

namespace bindd {
namespace {

constexpr std::size_t kMaxFds = 8;
constexpr std::size_t kMaxBytes = 4096;
/// A query of who uses 16,000 devices has some 20 MiB.
constexpr std::size_t kLongestLine = std::size_t{64} << 20;

/// Room for the fds, aligned as their header wants it.
union Control {
    cmsghdr header;
    std::array<char, CMSG_SPACE(sizeof(int) * kMaxFds)> bytes;
};

std::vector<base::UniqueFd> received_fds(msghdr& message) {
    std::vector<base::UniqueFd> fds;
    for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
            continue;
        const std::size_t count = (at->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(at) + i * sizeof(int), sizeof(int));
            fds.emplace_back(fd);
        }
    }
    return fds;
}

/// At least one byte goes with them: fds alone are no message on a stream.
ssize_t send_with_fds(int socket, std::span<char> bytes, std::span<const int> fds) {
    iovec part{bytes.data(), bytes.size()};
    Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
        message.msg_control = control.bytes.data();
        message.msg_controllen = CMSG_SPACE(fds.size_bytes());
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(fds.size_bytes());
        std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
    }
    return ::sendmsg(socket, &message, MSG_NOSIGNAL);
}

/// As recvmsg() answers, interrupted calls repeated.
ssize_t receive_with_fds(int socket, std::span<char> bytes, std::vector<base::UniqueFd>& fds) {
    iovec part{bytes.data(), bytes.size()};
    for (;;) {
        Control control{};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.bytes.data();
        message.msg_controllen = control.bytes.size();
        const ssize_t got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR)
            continue;
        if (got >= 0)
            fds = received_fds(message);
        return got;
    }
}

}  // namespace

base::Result<FdChannel::Pair> FdChannel::pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
        return base::fail_errno(errno, "create a socket pair", "executor");
    return Pair{FdChannel(base::UniqueFd(ends[0])), FdChannel(base::UniqueFd(ends[1]))};
}

base::Result<void> FdChannel::send(const std::string& ticket, const OpenedDevice& opened) const {
    FdDescription description{
        .ticket = ticket, .backend = opened.backend, .fds = {}, .facts = opened.facts};
    std::vector<int> numbers;
    for (const auto& [name, fd] : opened.fds) {
        description.fds.push_back(name);
        numbers.push_back(fd.get());
    }
    std::string text = binding::encode_fields(description);
    if (numbers.size() > kMaxFds || text.size() > kMaxBytes)
        return base::fail(base::Code::kInvalid, "hand over", "fds", "too many");
    if (send_with_fds(fd_.get(), text, numbers) < 0)
        return base::fail_errno(errno, "hand over", "fds");
    return {};
}

std::map<std::string, OpenedDevice> FdChannel::receive() const {
    std::map<std::string, OpenedDevice> all;
    for (;;) {
        std::array<char, kMaxBytes> text{};
        std::vector<base::UniqueFd> fds;
        const ssize_t got = receive_with_fds(fd_.get(), text, fds);
        if (got <= 0)
            return all;
        auto description = binding::decode_fields<FdDescription>(
            {text.data(), static_cast<std::size_t>(got)}, "fds");
        if (!description || description->fds.size() != fds.size())
            continue;  // truncated: the fds are closed, and the request ends without them
        OpenedDevice opened{.backend = std::move(description->backend),
                            .fds = {},
                            .facts = std::move(description->facts)};
        for (std::size_t i = 0; i < fds.size(); ++i)
            opened.fds.emplace_back(std::move(description->fds[i]), std::move(fds[i]));
        all.emplace(std::move(description->ticket), std::move(opened));
    }
}

base::Result<void> FdChannel::pass_to(int socket) const {
    std::array<char, 1> byte{};
    const int fd = fd_.get();
    if (send_with_fds(socket, byte, {&fd, 1}) != 1)
        return base::fail_errno(errno, "hand over the channel", "executor");
    return {};
}

base::Result<FdChannel> FdChannel::receive_from(int socket) {
    std::array<char, 1> byte{};
    std::vector<base::UniqueFd> fds;
    if (receive_with_fds(socket, byte, fds) < 0)
        return base::fail_errno(errno, "receive the channel", "daemon");
    if (fds.size() != 1)
        return base::fail(base::Code::kInvalid, "receive the channel", "daemon", "it sent none");
    return FdChannel(std::move(fds.front()));
}

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
    std::size_t unsearched = unread_.size();
    while (!gone_ && unread_.size() <= kLongestLine) {
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
    for (std::size_t end = 0; (end = unread_.find('\n', unsearched)) != std::string::npos;
         begin = unsearched = end + 1)
        complete.push_back(unread_.substr(begin, end - begin));
    if (!complete.empty()) {
        unread_.erase(0, begin);
        unread_.shrink_to_fit();
    }
    gone_ = gone_ || unread_.size() > kLongestLine;
    // Lines before the end still count.
    if (gone_ && complete.empty())
        return std::nullopt;
    return complete;
}

}  // namespace bindd
