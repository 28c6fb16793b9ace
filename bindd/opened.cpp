// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/opened.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace bindd {
namespace {

constexpr std::size_t kMostFds = 8;
constexpr std::size_t kMostBytes = 4096;

/// Room for the fds, aligned as their header wants it.
union Control {
    cmsghdr header;
    std::array<char, CMSG_SPACE(sizeof(int) * kMostFds)> bytes;
};

std::vector<sysfs::UniqueFd> fds_of(msghdr& message) {
    std::vector<sysfs::UniqueFd> fds;
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

}  // namespace

sysfs::Result<FdChannel::Pair> FdChannel::pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0)
        return sysfs::fail_errno(errno, "create a socket pair", "executor");
    return Pair{FdChannel(sysfs::UniqueFd(ends[0])), FdChannel(sysfs::UniqueFd(ends[1]))};
}

sysfs::Result<void> FdChannel::send(const std::string& id, const OpenedDevice& opened) const {
    nlohmann::json names = nlohmann::json::array();
    std::array<int, kMostFds> numbers{};
    const std::size_t count = std::min(opened.fds.size(), kMostFds);
    for (std::size_t i = 0; i < count; ++i) {
        names.push_back(opened.fds[i].first);
        numbers[i] = opened.fds[i].second.get();
    }
    std::string text = nlohmann::json{{"id", id}, {"backend", opened.backend}, {"fds", names},
                                      {"facts", opened.facts}}
                           .dump();
    iovec part{text.data(), text.size()};
    Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (count != 0) {
        message.msg_control = control.bytes.data();
        message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * count);
        std::memcpy(CMSG_DATA(header), numbers.data(), sizeof(int) * count);
    }
    if (::sendmsg(fd_.get(), &message, MSG_NOSIGNAL) < 0)
        return sysfs::fail_errno(errno, "hand over", "fds");
    return {};
}

std::map<std::string, OpenedDevice> FdChannel::take() const {
    std::map<std::string, OpenedDevice> all;
    for (;;) {
        std::array<char, kMostBytes> text{};
        iovec part{text.data(), text.size()};
        Control control{};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.bytes.data();
        message.msg_controllen = control.bytes.size();
        const ssize_t got = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return all;
        std::vector<sysfs::UniqueFd> fds = fds_of(message);
        const auto json = nlohmann::json::parse(text.data(), text.data() + got, nullptr, false);
        if (!json.is_object() || !json.contains("fds") || json["fds"].size() != fds.size())
            continue;  // of our own worker, so only when it was cut off; its fds are closed
        OpenedDevice opened{.backend = json.value("backend", ""), .fds = {},
                            .facts = json.value("facts", std::map<std::string, std::string>{})};
        for (std::size_t i = 0; i < fds.size(); ++i)
            opened.fds.emplace_back(json["fds"][i].get<std::string>(), std::move(fds[i]));
        all.emplace(json.value("id", ""), std::move(opened));
    }
}

sysfs::Result<void> FdChannel::hand_to(int socket) const {
    char byte = 0;
    iovec part{&byte, 1};
    Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int fd = fd_.get();
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    if (::sendmsg(socket, &message, MSG_NOSIGNAL) != 1)
        return sysfs::fail_errno(errno, "hand over the channel", "executor");
    return {};
}

sysfs::Result<FdChannel> FdChannel::handed_by(int socket) {
    char byte = 0;
    iovec part{&byte, 1};
    Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    ssize_t got = 0;
    do
        got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return sysfs::fail_errno(errno, "receive the channel", "daemon");
    std::vector<sysfs::UniqueFd> fds = fds_of(message);
    if (fds.size() != 1)
        return sysfs::fail(sysfs::Code::kInvalid, "receive the channel", "daemon", "it sent none");
    return FdChannel(std::move(fds.front()));
}

}  // namespace bindd
