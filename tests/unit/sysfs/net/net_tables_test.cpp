// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/net/net_tables.hpp"

#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <thread>

#include "base/unique_fd.hpp"

namespace {

constexpr int kLoopback = 1;

/// A program that lets all packets pass: r0 = XDP_PASS; exit.
base::UniqueFd load_xdp_program() {
    constexpr std::array<bpf_insn, 2> kPass = {
        bpf_insn{
            .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 2},
        bpf_insn{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
    bpf_attr attributes{};
    attributes.prog_type = BPF_PROG_TYPE_XDP;
    attributes.insn_cnt = kPass.size();
    attributes.insns = reinterpret_cast<std::uintptr_t>(kPass.data());
    attributes.license = reinterpret_cast<std::uintptr_t>("GPL");
    return base::UniqueFd(
        static_cast<int>(::syscall(__NR_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes)));
}

bool attach_to_loopback(const base::UniqueFd& program) {
    const std::unique_ptr<nl_sock, void (*)(nl_sock*)> socket(nl_socket_alloc(), nl_socket_free);
    const std::unique_ptr<nl_msg, void (*)(nl_msg*)> message(nlmsg_alloc_simple(RTM_SETLINK, 0),
                                                             nlmsg_free);
    ifinfomsg header{};
    header.ifi_index = kLoopback;
    nlmsg_append(message.get(), &header, sizeof header, NLMSG_ALIGNTO);
    nlattr* xdp = nla_nest_start(message.get(), IFLA_XDP);
    nla_put_s32(message.get(), IFLA_XDP_FD, program.get());
    nla_put_u32(message.get(), IFLA_XDP_FLAGS, XDP_FLAGS_SKB_MODE);
    nla_nest_end(message.get(), xdp);
    return nl_connect(socket.get(), NETLINK_ROUTE) == 0 &&
           nl_send_auto(socket.get(), message.get()) > 0 && nl_wait_for_ack(socket.get()) == 0;
}

/// What uses the loopback interface of the thread's namespace.
std::string users_of_loopback() {
    sysfs::NetTables tables;
    if (auto links = sysfs::read_netlink_links())
        tables.links = *std::move(links);
    sysfs::read_netlink_uses(tables);
    std::string users;
    for (const auto& user : tables.users)
        users += user.link == kLoopback ? user.evidence + "\n" : "";
    return users;
}

TEST(NetTables, AnXdpProgramUsesItsInterface) {
    std::string before, after;
    bool is_possible = false;
    std::thread([&] {
        const base::UniqueFd program = load_xdp_program();
        if (!program.valid() || ::unshare(CLONE_NEWNET) != 0)
            return;
        before = users_of_loopback();
        is_possible = attach_to_loopback(program);
        after = users_of_loopback();
    }).join();
    if (!is_possible)
        GTEST_SKIP() << "XDP programs are not permitted here";
    EXPECT_EQ("", before);
    EXPECT_EQ("an XDP program gets the packets of lo\n", after);
}

}  // namespace
