// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/net/netlink.hpp"

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include <cerrno>

namespace sysfs {
namespace {

constexpr int kMaxAttempts = 8;

base::Result<void> failed(int code) {
    const base::Code kind = code == -NLE_OPNOTSUPP ? base::Code::kUnsupported : base::Code::kFailed;
    return base::fail(kind, "read", "netlink", nl_geterror(code));
}

int on_message(nl_msg* message, void* visit) {
    (*static_cast<const Netlink::Visit*>(visit))(nlmsg_hdr(message));
    return NL_OK;
}

}  // namespace

void Netlink::FreeSocket::operator()(nl_sock* socket) const {
    nl_socket_free(socket);
}

base::Result<Netlink> Netlink::connect(int protocol) {
    Netlink netlink(nl_socket_alloc());
    if (!netlink.socket_)
        return base::fail_errno(ENOMEM, "open", "netlink");
    if (const int code = nl_connect(netlink.socket_.get(), protocol); code < 0)
        return base::propagate(failed(code));
    return netlink;
}

base::Result<void> Netlink::dump(int type, std::span<const std::byte> header,
                                 const std::function<void()>& start, const Visit& visit) {
    auto* where = const_cast<Visit*>(&visit);
    nl_socket_modify_cb(socket_.get(), NL_CB_VALID, NL_CB_CUSTOM, on_message, where);
    int code = -NLE_DUMP_INTR;
    for (int attempt = 0; attempt < kMaxAttempts && code == -NLE_DUMP_INTR; ++attempt) {
        start();
        std::vector<std::byte> request(header.begin(), header.end());
        code = nl_send_simple(socket_.get(), type, NLM_F_DUMP, request.data(), request.size());
        if (code >= 0)
            code = nl_recvmsgs_default(socket_.get());
    }
    return code < 0 ? failed(code) : base::Result<void>();
}

std::optional<std::int32_t> Netlink::namespace_id(int file) {
    const NetlinkMessage request(nlmsg_alloc_simple(RTM_GETNSID, 0));
    rtgenmsg header{};
    header.rtgen_family = AF_UNSPEC;
    nlmsg_append(request.get(), &header, sizeof header, NLMSG_ALIGNTO);
    nla_put_u32(request.get(), NETNSA_FD, static_cast<std::uint32_t>(file));
    std::int32_t id = NETNSA_NSID_NOT_ASSIGNED;
    const Visit visit = [&id](nlmsghdr* answer) {
        const nlattr* found = nlmsg_find_attr(answer, sizeof(rtgenmsg), NETNSA_NSID);
        if (found != nullptr)
            id = nla_get_s32(found);
    };
    nl_socket_disable_auto_ack(socket_.get());
    nl_socket_modify_cb(socket_.get(), NL_CB_VALID, NL_CB_CUSTOM, on_message,
                        const_cast<Visit*>(&visit));
    if (nl_send_auto(socket_.get(), request.get()) < 0 || nl_recvmsgs_default(socket_.get()) < 0)
        return std::nullopt;
    return id == NETNSA_NSID_NOT_ASSIGNED ? std::nullopt : std::optional(id);
}

}  // namespace sysfs
