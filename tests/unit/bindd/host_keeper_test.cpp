// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/host_keeper.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include <fstream>

#include "bindd/reader.hpp"
#include "tests/unit/bindd/fake_daemon.hpp"

/// The keeper alone with an executor that a test plays: for what depends on who reads what first.
namespace bindd {
namespace {

class NoEvents final : public EventSource {
  public:
    void start(std::function<void(const HostEvent&)> call) override { call_ = std::move(call); }
    [[nodiscard]] bool started() const { return call_ != nullptr; }

  private:
    std::function<void(const HostEvent&)> call_;
};

sd_event* new_loop() {
    sd_event* made = nullptr;
    EXPECT_GE(sd_event_new(&made), 0);
    return made;
}

/// Answers looks from a made-up kernel; what else it is asked it says to have done, if nothing is said for it.
class PlayedKeeper {
  public:
    PlayedKeeper(const fake::World& world, const std::string& policy) : kernel_(dir_.path() + "/world") {
        fake::FakeKernel::create(dir_.path() + "/world", world);
        std::ofstream(dir_.path() + "/boot_id") << "11111111-2222-3333-4444-555555555555\n";
        std::ofstream(dir_.path() + "/test.yaml") << policy;
        keeper_.on_ready([this] { sd_event_exit(loop_.get(), 0); });
    }

    /// Until it is ready; false when it is not in time.
    bool run(std::chrono::seconds patience) {
        Timer late(loop_.get(), [this] { sd_event_exit(loop_.get(), 1); });
        late.arm(patience);
        keeper_.start();
        return sd_event_loop(loop_.get()) == 0;
    }

    [[nodiscard]] HostKeeper& keeper() { return keeper_; }
    [[nodiscard]] fake::FakeKernel& kernel() { return kernel_; }
    [[nodiscard]] const binding::StateDir& state() const { return state_; }
    std::map<std::string, std::string> answers;  ///< by verb
    std::vector<std::string> asked;              ///< verbs

  private:
    void play() {
        const auto lines = ours_.take();
        ASSERT_TRUE(lines);
        for (const std::string& line : *lines) {
            const std::size_t verb = line.find('\t') + 1;
            answer(line.substr(0, verb), line.substr(verb));
        }
        ASSERT_TRUE(ours_.flush());
    }
    void answer(const std::string& id, const std::string& request) {
        const std::string verb = request.substr(0, request.find('\t'));
        asked.push_back(verb);
        std::string last = "=";
        if (const auto answer = answers.find(verb); answer != answers.end())
            last = answer->second;
        else if (verb == "look" || verb == "read" || verb == "usage")
            last = read_host(kernel_, request, [&](const std::string& text) { ours_.send(id + text); });
        ours_.send(id + last);
    }

    fake::TempDir dir_;
    fake::FakeKernel kernel_;
    binding::StateDir state_{dir_.path() + "/run", dir_.path() + "/lib", dir_.path() + "/boot_id", {}};
    EventLoop loop_{new_loop()};
    LineSocket::Pair lines_{*LineSocket::pair()};
    FdChannel::Pair fds_{*FdChannel::pair()};
    LineSocket ours_{std::move(lines_.other)};
    IoWatch watch_{loop_.get(), ours_.fd(), EPOLLIN, [this](std::uint32_t) { play(); }};
    ExecutorLink link_{loop_.get(), std::move(lines_.one), std::move(fds_.one)};
    NoEvents events_;
    Log log_{Log::To::kStderr};
    HostKeeper keeper_{{.event = loop_.get(), .executor = link_, .events = events_, .log = log_, .state = state_,
                        .policy_paths = {dir_.path() + "/test.yaml"}}};
};

/// Our predecessor's executor ended the transaction between our reading of the journal and our executor's.
TEST(HostKeeper, WaitsForNoUndoThatItsExecutorDoesNotKnowOf) {
    PlayedKeeper played(nics(2), "version: 1\nrules: []\n");
    leave_interrupted(played.state(), played.kernel(), "0000:01:00.0");
    played.answers["recover"] = "=";
    EXPECT_TRUE(played.run(std::chrono::seconds(1)));
    EXPECT_TRUE(played.keeper().stuck().empty());
    EXPECT_EQ(played.asked, (std::vector<std::string>{"recover", "look"}));
}

}  // namespace
}  // namespace bindd
