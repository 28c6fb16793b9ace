// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/executor_client.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <thread>

#include "tests/fake/temp_dir.hpp"

namespace bindd {
namespace {

using base::UniqueFd;

TEST(ExecutorLauncher, IsReachedThroughItsSocketWithBothWays) {
    const fake::TempDir dir;
    const std::string path = dir.path() + "/executor";
    UniqueFd listening(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    ASSERT_EQ(::listen(listening.get(), 1), 0);

    std::thread service([&] {
        const UniqueFd connection(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
        const auto channel = FdChannel::receive_from(connection.get());
        ASSERT_TRUE(channel) << channel.error().text();
        std::array<char, 16> line{};
        EXPECT_EQ(::recv(connection.get(), line.data(), line.size(), 0), 5);
        EXPECT_EQ(std::string(line.data()), "ping\n");
        OpenedDevice opened{.backend = "type1v2", .fds = {}, .facts = {}};
        opened.fds.emplace_back("device", UniqueFd(::dup(connection.get())));
        EXPECT_TRUE(channel->send("7", opened));
    });
    auto ends = connect_executor(path);
    ASSERT_TRUE(ends) << ends.error().text();
    ends->lines.send("ping");
    EXPECT_TRUE(ends->lines.flush());
    service.join();
    const auto taken = ends->fds.receive();
    ASSERT_TRUE(taken.contains("7"));
    EXPECT_EQ(taken.at("7").backend, "type1v2");
    EXPECT_EQ(taken.at("7").fds.front().first, "device");
}

TEST(ExecutorLauncher, IsMissedWithItsPath) {
    const auto nobody = connect_executor("/nowhere/executor");
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().text(),
              "/nowhere/executor: reach the executor: No such file or directory");
    const auto long_one = connect_executor(std::string(200, 'x'));
    ASSERT_FALSE(long_one);
    EXPECT_EQ(long_one.error().code, base::Code::kInvalid);
}

TEST(ExecutorLauncher, TakesNoConnectionThatBringsNoChannel) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const UniqueFd one(ends[0]);
    const UniqueFd other(ends[1]);
    ASSERT_EQ(::send(one.get(), "x", 1, 0), 1);
    const auto none = FdChannel::receive_from(other.get());
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().reason, "it sent none");
}

}  // namespace
}  // namespace bindd
