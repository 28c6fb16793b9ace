// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/executor_client.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <set>

#include "base/unique_fd.hpp"

namespace bindd {
namespace {

sd_event* new_loop() {
    sd_event* made = nullptr;
    EXPECT_GE(sd_event_new(&made), 0);
    return made;
}

/// A client whose executor is the test.
class ClientFixture : public testing::Test {
  protected:
    ClientFixture() {
        client_.on_protocol_error(
            [this](const base::Error& error) { problems_.push_back(error.text()); });
        client_.on_notice([this](const binding::Message& notice) {
            notices_.emplace_back(binding::message_name(notice));
        });
    }
    void request() {
        client_.send(
            binding::Ping{},
            [this](const binding::Message& reply) {
                replies_.emplace_back(binding::message_name(reply));
            },
            [this](const base::Result<void>& ended) {
                ends_.push_back(ended ? "completed" : ended.error().text());
            });
    }
    void receive(const std::string& line) {
        executor_.send(line);
        ASSERT_TRUE(executor_.flush());
        ASSERT_GT(sd_event_run(loop_.get(), 5'000'000), 0);
    }

    using Texts = std::vector<std::string>;
    EventLoop loop_{new_loop()};
    LineSocket::Pair sockets_{*LineSocket::pair()};
    FdChannel::Pair channels_{*FdChannel::pair()};
    LineSocket executor_{std::move(sockets_.other)};
    ExecutorClient client_{loop_.get(), std::move(sockets_.one), std::move(channels_.one)};
    Texts replies_;
    Texts ends_;
    Texts notices_;
    Texts problems_;
};

TEST_F(ClientFixture, CallsBackForEachReplyAndForTheLast) {
    request();
    receive(R"({"id":1,"message":"step_started","text":"x"})");
    receive(R"({"id":1,"message":"completed"})");
    receive(R"({"id":0,"message":"warning","text":"x"})");
    EXPECT_EQ(replies_, Texts{"step_started"});
    EXPECT_EQ(ends_, Texts{"completed"});
    EXPECT_EQ(notices_, Texts{"warning"});
    EXPECT_EQ(problems_, Texts{});
}

TEST_F(ClientFixture, EndsARequestWhoseReplyCannotBeDecoded) {
    request();
    receive(R"({"id":1,"message":"pong"})");
    EXPECT_EQ(ends_, Texts{"a message: decode: /message: unknown: pong"});
    EXPECT_EQ(problems_, ends_);
}

TEST_F(ClientFixture, ReportsWhatNobodyAskedFor) {
    receive("1\t=");
    receive(R"({"id":9,"message":"completed"})");
    EXPECT_EQ(problems_, (Texts{"a message: decode: not JSON",
                                "a message: receive: unexpected here: completed"}));
}

TEST_F(ClientFixture, LetsOthersHaveATurnWithinManyReplies) {
    constexpr std::size_t kReplies = 10'000;
    request();
    std::set<std::size_t> seen_by_others;
    const base::UniqueFd always(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    const IoWatch others(loop_.get(), always.get(), EPOLLIN,
                         [&](std::uint32_t) { seen_by_others.insert(replies_.size()); });
    for (std::size_t i = 0; i < kReplies; ++i)
        executor_.send(R"({"id":1,"message":"step_started","text":"x"})");
    executor_.send(R"({"id":1,"message":"completed"})");
    while (ends_.empty()) {
        ASSERT_TRUE(executor_.flush());
        ASSERT_GE(sd_event_run(loop_.get(), 5'000'000), 0);
    }
    EXPECT_EQ(replies_.size(), kReplies);
    EXPECT_GT(seen_by_others.size(), 3U);
}

}  // namespace
}  // namespace bindd
