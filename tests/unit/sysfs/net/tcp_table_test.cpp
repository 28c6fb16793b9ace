// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/net/tcp_table.hpp"

#include <gtest/gtest.h>

#include <bit>

namespace {

std::string text(const std::vector<sysfs::TcpConnection>& connections) {
    std::string lines;
    for (const auto& each : connections) {
        lines += each.peer + " " + std::to_string(each.peer_port) + " -> " + each.local + " " +
                 std::to_string(each.local_port) + " " + std::to_string(each.inode) +
                 (each.is_remote() ? " remote\n" : " local\n");
    }
    return lines;
}

TEST(TcpTable, ReadsEstablishedConnectionsOfBothFamilies) {
    if (std::endian::native != std::endian::little)
        GTEST_SKIP() << "the samples were taken on a little-endian machine";
    const std::string table =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
        "timeout inode\n"
        "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        "
        "0 100 1\n"
        "   1: 020200C0:0016 070200C0:C74E 01 00000000:00000000 02:000A7E5E 00000000     0        "
        "0 4711 2\n"
        "   2: 0100007F:1F90 0100007F:C000 01 00000000:00000000 00:00000000 00000000     0        "
        "0 12 1\n"
        "   3: 000080FE00000000FF00545200EEFF56:0016 B80D0120000000000000000007000000:C001 01 "
        "00000000:00000000 00:00000000 00000000     0        0 13 1\n"
        "   4: 0000000000000000FFFF0000020200C0:0016 0000000000000000FFFF0000080200C0:C002 01 "
        "00000000:00000000 00:00000000 00000000     0        0 14 1\n";
    EXPECT_EQ(
        "192.0.2.7 51022 -> 192.0.2.2 22 4711 remote\n"
        "127.0.0.1 49152 -> 127.0.0.1 8080 12 local\n"
        "2001:db8::7 49153 -> fe80::5254:ff:56ff:ee00 22 13 remote\n"
        "192.0.2.8 49154 -> 192.0.2.2 22 14 remote\n",
        text(sysfs::parse_tcp_table(table)));
}

TEST(TcpTable, SkipsMalformedLines) {
    EXPECT_EQ("", text(sysfs::parse_tcp_table("")));
    EXPECT_EQ("",
              text(sysfs::parse_tcp_table("1: 020200C0:0016 070200C0 01 0:0 0:0 0 0 0 4711\n"
                                          "1: 020200C0:0016 070200Cx:C74E 01 0:0 0:0 0 0 0 4711\n"
                                          "1: 020200C0:0016 070200C0:C74E 01 0:0 0:0 0 0 0 x\n"
                                          "1: 020200C0:0016 070200C0:C74E 01\n")));
}

}  // namespace
