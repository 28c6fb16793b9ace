// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/host_keeper.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "binding/wire.hpp"
#include "bindd/hung_read.hpp"
#include "bindd/reader.hpp"
#include "sysfs/dir.hpp"
#include "tests/unit/bindd/fake_daemon.hpp"

/// The keeper alone with an executor that a test plays: for what depends on who reads what first.
namespace bindd {
namespace {

constexpr const char* kNic = "0000:01:00.0";

class ToldEvents final : public EventSource {
  public:
    void start(std::function<void(const HostEvent&)> call) override { tell = std::move(call); }
    std::function<void(const HostEvent&)> tell;
};

sd_event* new_loop() {
    sd_event* made = nullptr;
    EXPECT_GE(sd_event_new(&made), 0);
    return made;
}

/// Answers looks from a made-up kernel, if need be later; what else it is asked it says to have done.
class PlayedKeeper {
  public:
    PlayedKeeper(const fake::World& world, const std::string& policy) : kernel_(dir_.path() + "/world") {
        fake::FakeKernel::create(dir_.path() + "/world", world);
        std::ofstream(dir_.path() + "/boot_id") << "11111111-2222-3333-4444-555555555555\n";
        std::ofstream(dir_.path() + "/test.yaml") << policy;
    }

    /// Until it is ready; false when it is not in time.
    bool run(std::chrono::seconds patience) {
        keeper_.start();
        return run_until_ready(patience);
    }
    bool run_until_ready(std::chrono::seconds patience = std::chrono::seconds(5)) {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (!keeper_.is_ready() && std::chrono::steady_clock::now() < end)
            (void)sd_event_run(loop_.get(), 10'000);
        return keeper_.is_ready();
    }

    /// Until it has asked so often for that.
    void run_until_asked(const std::string& verb, std::ptrdiff_t times) {
        while (std::count(asked.begin(), asked.end(), verb) < times)
            ASSERT_GT(sd_event_run(loop_.get(), 5'000'000), 0) << "never asked for " << verb;
    }
    /// Until nothing has happened for a while.
    void run_idle() {
        while (sd_event_run(loop_.get(), 100'000) > 0) {
        }
    }
    /// The next one of these is answered, from what is true now, when it is let go.
    void hold(const std::string& verb) { to_hold_ = verb; }
    void let_go() {
        send(held_);
        ASSERT_TRUE(ours_.flush());
    }
    /// What was held fails instead, as when it takes too long.
    void fail_held() {
        const std::string id = held_.front().substr(0, held_.front().find('\t'));
        held_ = {id + "\t!\t" + binding::to_wire(sysfs::fail(sysfs::Code::kTimeout, "look", "the host", "too long").value())};
        let_go();
    }
    /// Unasked.
    void say(const std::string& line) {
        ours_.send("0\t" + line);
        ASSERT_TRUE(ours_.flush());
    }
    void tell(const HostEvent& event) { events_.tell(event); }

    [[nodiscard]] HostKeeper& keeper() { return keeper_; }
    [[nodiscard]] fake::FakeKernel& kernel() { return kernel_; }
    [[nodiscard]] const binding::StateDir& state() const { return state_; }
    std::vector<std::string> asked;  ///< verbs

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
    void send(const std::vector<std::string>& lines) {
        for (const std::string& line : lines)
            ours_.send(line);
    }
    void answer(const std::string& id, const std::string& request) {
        const std::string verb = request.substr(0, request.find('\t'));
        asked.push_back(verb);
        const bool is_look = verb == "look" || verb == "read" || verb == "usage";
        std::vector<std::string> lines;
        const auto say = [&](const std::string& text) { lines.push_back(id + text); };
        say(is_look ? read_host(kernel_, request, say) : "=");
        if (verb != to_hold_)
            return send(lines);
        to_hold_.clear();
        held_ = std::move(lines);
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
    ToldEvents events_;
    std::string to_hold_;
    std::vector<std::string> held_;
    Log log_{Log::To::kStderr};
    HostKeeper keeper_{{.event = loop_.get(), .executor = link_, .events = events_, .log = log_, .state = state_,
                        .policy_paths = {dir_.path() + "/test.yaml"}}};
};

/// Our predecessor's executor ended the transaction between our reading of the journal and our executor's.
TEST(HostKeeper, WaitsForNoUndoThatItsExecutorDoesNotKnowOf) {
    PlayedKeeper played(nics(2), "version: 1\nrules: []\n");
    leave_interrupted(played.state(), played.kernel(), kNic);
    EXPECT_TRUE(played.run(std::chrono::seconds(1)));
    EXPECT_TRUE(played.keeper().stuck().empty());
    EXPECT_EQ(played.asked, (std::vector<std::string>{"recover", "look"}));
}

/// One reader was slow: its answer is of before the plug, and comes after that of the look which the plug caused.
void answer_late(const std::string& verb, HostEvent::Kind event) {
    fake::World world = nics(2);
    const sysfs::Device nic = world.devices.at(fake::pci_id(kNic));
    PlayedKeeper played(world, "version: 1\nrules: []\n");
    ASSERT_TRUE(played.run(std::chrono::seconds(5)));
    const auto looks = std::count(played.asked.begin(), played.asked.end(), verb);
    const auto reads = std::count(played.asked.begin(), played.asked.end(), "read");
    played.hold(verb);
    played.kernel().change([&](fake::World& now) { now.devices.erase(nic.id); });
    played.tell({.kind = event, .device = nic.id});
    played.run_until_asked(verb, looks + 1);
    played.kernel().change([&](fake::World& now) { now.devices[nic.id] = nic; });
    played.tell({.kind = HostEvent::Kind::kPlugged, .device = nic.id});
    played.run_until_asked("read", verb == "read" ? reads + 2 : reads + 1);
    played.run_idle();
    played.let_go();
    played.run_idle();
    EXPECT_NE(played.keeper().view().inventory.find(nic.id), nullptr) << verb;
}

/// Somebody else's unbind does not return, and holds the device's lock.
TEST(HostKeeper, GoesOnWithoutADeviceWhoseReadingDoesNotReturn) {
    PlayedKeeper played(nics(2), "version: 1\nrules: []\n");
    sysfs::Device hangs;
    hangs.id = fake::pci_id(kNic);
    played.hold("look");
    EXPECT_FALSE(played.run(std::chrono::seconds(0)));
    played.run_until_asked("look", 1);
    played.say("hangs\tlook-7\t" + binding::to_wire(hangs));
    played.fail_held();
    ASSERT_TRUE(played.run_until_ready());
    EXPECT_EQ(std::count(played.asked.begin(), played.asked.end(), "look"), 2);
    const HostKeeper& keeper = played.keeper();
    ASSERT_EQ(keeper.stuck().size(), 1U);
    EXPECT_EQ(keeper.stuck()[0].device, hangs.id);
    EXPECT_EQ(keeper.state(hangs).state, "stuck");
    EXPECT_EQ(keeper.view().inventory.devices.size(), 2U);
    EXPECT_EQ(keeper.view().inventory.find(hangs.id)->driver, std::nullopt) << "not read";

    played.say("recovered\tlook-7\tundone\t");
    played.run_until_asked("read", 1);
    played.run_idle();
    EXPECT_TRUE(keeper.stuck().empty());
    EXPECT_EQ(keeper.view().inventory.find(hangs.id)->driver, "e1000e");
}

TEST(HungRead, IsToldByTheAttributesThatAreOpen) {
    const auto bus = sysfs::Dir::open("/sys/bus/platform/devices");
    ASSERT_TRUE(bus);
    const auto devices = bus->entries();
    ASSERT_TRUE(devices);
    for (const std::string& name : *devices) {
        const sysfs::UniqueFd open(::openat(bus->fd(), (name + "/uevent").c_str(), O_RDONLY | O_CLOEXEC));
        if (!open.valid())
            continue;
        const auto found = devices_under_read(::getpid());
        ASSERT_EQ(found.size(), 1U) << name;
        EXPECT_EQ(found[0].id, (sysfs::DeviceId{"platform", name}));
        EXPECT_EQ(found[0].driver, bus->link_name(name + "/driver"));
        return;
    }
    GTEST_SKIP() << "this machine has no platform device";
}

TEST(HostKeeper, KeepsWhatALaterLookHasFound) {
    answer_late("read", HostEvent::Kind::kUnplugged);
    answer_late("look", HostEvent::Kind::kLost);
}

}  // namespace
}  // namespace bindd
