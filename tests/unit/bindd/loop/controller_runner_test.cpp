// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/controller_runner.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/dir.hpp"
#include "bindd/executor/readers.hpp"
#include "bindd/executor/recoveries.hpp"
#include "binding/codec/messages.hpp"
#include "tests/unit/bindd/loop/daemon_harness.hpp"

/// The controller alone with an executor that a test plays: for what depends on who reads what
/// first.
namespace bindd {
namespace {

constexpr const char* kNic = "0000:01:00.0";

class ManualEventSource final : public EventSource {
  public:
    void start(std::function<void(const HostEvent&)> call) override { emit = std::move(call); }
    std::function<void(const HostEvent&)> emit;
};

sd_event* new_loop() {
    sd_event* made = nullptr;
    EXPECT_GE(sd_event_new(&made), 0);
    return made;
}

/// Answers looks from a made-up kernel, if need be later; what else it is asked it says to have
/// done.
class FakeExecutor {
  public:
    FakeExecutor(const fake::KernelState& world, const std::string& policy)
        : kernel_(dir_.path() + "/world") {
        fake::FakeKernel::create(dir_.path() + "/world", world);
        std::ofstream(dir_.path() + "/boot_id") << "11111111-2222-3333-4444-555555555555\n";
        std::ofstream(dir_.path() + "/test.yaml") << policy;
    }

    /// Until it is ready; false when it is not in time.
    bool run(std::chrono::seconds patience) {
        controller_.start();
        return run_until_ready(patience);
    }
    bool run_until_ready(std::chrono::seconds patience = std::chrono::seconds(5)) {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (!controller_.is_ready() && std::chrono::steady_clock::now() < end)
            (void)sd_event_run(loop_.get(), 10'000);
        return controller_.is_ready();
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
    void release_held() {
        send(held_);
        ASSERT_TRUE(ours_.flush());
    }
    /// What was held fails instead, as when it takes too long.
    void fail_held() {
        const auto failure = base::fail(base::Code::kTimeout, "scan_host", "the host", "too long");
        held_ = {{held_.front().id, binding::Failed{failure.value()}}};
        release_held();
    }
    /// Unasked.
    void send_notice(binding::Message notice) {
        send({{0, std::move(notice)}});
        ASSERT_TRUE(ours_.flush());
    }
    void send_line(const std::string& line) {
        ours_.send(line);
        ASSERT_TRUE(ours_.flush());
    }
    void emit(const HostEvent& event) { events_.emit(event); }

    [[nodiscard]] ControllerRunner& controller() { return controller_; }
    [[nodiscard]] fake::FakeKernel& kernel() { return kernel_; }
    [[nodiscard]] const binding::StateDir& state() const { return state_; }
    std::vector<std::string> asked;  ///< names of requests

  private:
    void play() {
        const auto lines = ours_.receive();
        ASSERT_TRUE(lines);
        for (const std::string& line : *lines) {
            const auto request = binding::decode_message(line);
            ASSERT_TRUE(request) << request.error().text();
            answer(*request);
        }
        ASSERT_TRUE(ours_.flush());
    }
    void send(const std::vector<binding::Envelope>& replies) {
        for (const binding::Envelope& reply : replies)
            ours_.send(binding::encode_message(reply));
    }
    void answer(const binding::Envelope& request) {
        const std::string name = binding::message_name(request.message);
        asked.push_back(name);
        const bool is_read = name == "scan_host" || name == "scan_devices" || name == "query_usage";
        std::vector<binding::Envelope> replies;
        const auto add = [&](binding::Message reply) {
            replies.push_back({request.id, std::move(reply)});
        };
        add(is_read ? read_host(kernel_, request.message, add) : binding::Completed{});
        if (name != to_hold_)
            return send(replies);
        to_hold_.clear();
        held_ = std::move(replies);
    }

    fake::TempDir dir_;
    fake::FakeKernel kernel_;
    binding::StateDir state_{
        dir_.path() + "/run", dir_.path() + "/lib", dir_.path() + "/boot_id", {}};
    EventLoop loop_{new_loop()};
    LineSocket::Pair lines_{*LineSocket::pair()};
    FdChannel::Pair fds_{*FdChannel::pair()};
    LineSocket ours_{std::move(lines_.other)};
    IoWatch watch_{loop_.get(), ours_.fd(), EPOLLIN, [this](std::uint32_t) { play(); }};
    ExecutorClient link_{loop_.get(), std::move(lines_.one), std::move(fds_.one)};
    ManualEventSource events_;
    std::string to_hold_;
    std::vector<binding::Envelope> held_;
    Log log_{Log::Sink::kStderr};
    ControllerRunner controller_{{.event = loop_.get(),
                                  .executor = link_,
                                  .events = events_,
                                  .log = log_,
                                  .state = state_,
                                  .policy_paths = {dir_.path() + "/test.yaml"}}};
};

/// The previous executor ended the transaction after the journal was read, and before the new
/// executor read it.
TEST(ControllerRunner, WaitsForNoUndoThatItsExecutorDoesNotKnowOf) {
    FakeExecutor harness(nics(2), "version: 1\nrules: []\n");
    write_interrupted_transaction(harness.state(), harness.kernel(), kNic);
    EXPECT_TRUE(harness.run(std::chrono::seconds(1)));
    EXPECT_TRUE(harness.controller().stuck().empty());
    EXPECT_EQ(harness.asked, (std::vector<std::string>{"recover_interrupted", "scan_host"}));
}

/// One reader was slow: its answer is of before the plug, and comes after that of the look which
/// the plug caused.
void answer_late(const std::string& verb, HostEvent::EventKind event) {
    fake::KernelState world = nics(2);
    const sysfs::Device nic = world.devices.at(fake::pci_id(kNic));
    FakeExecutor harness(world, "version: 1\nrules: []\n");
    ASSERT_TRUE(harness.run(std::chrono::seconds(5)));
    const auto looks = std::count(harness.asked.begin(), harness.asked.end(), verb);
    const auto reads = std::count(harness.asked.begin(), harness.asked.end(), "scan_devices");
    harness.hold(verb);
    harness.kernel().change([&](fake::KernelState& now) { now.devices.erase(nic.id); });
    harness.emit({.kind = event, .device = nic.id});
    harness.run_until_asked(verb, looks + 1);
    harness.kernel().change([&](fake::KernelState& now) { now.devices[nic.id] = nic; });
    harness.emit({.kind = HostEvent::EventKind::kAdded, .device = nic.id});
    harness.run_until_asked("scan_devices", verb == "scan_devices" ? reads + 2 : reads + 1);
    harness.run_idle();
    harness.release_held();
    harness.run_idle();
    EXPECT_NE(harness.controller().view().inventory.find(nic.id), nullptr) << verb;
}

/// The unbind of another process does not return and holds the device's lock.
TEST(ControllerRunner, GoesOnWithoutADeviceWhoseReadingDoesNotReturn) {
    FakeExecutor harness(nics(2), "version: 1\nrules: []\n");
    sysfs::Device hangs;
    hangs.id = fake::pci_id(kNic);
    harness.hold("scan_host");
    EXPECT_FALSE(harness.run(std::chrono::seconds(0)));
    harness.run_until_asked("scan_host", 1);
    harness.send_notice(binding::ReadStuck{"scan-7", {hangs}});
    harness.fail_held();
    ASSERT_TRUE(harness.run_until_ready());
    EXPECT_EQ(std::count(harness.asked.begin(), harness.asked.end(), "scan_host"), 2);
    const ControllerRunner& controller = harness.controller();
    ASSERT_EQ(controller.stuck().size(), 1U);
    EXPECT_EQ(controller.stuck()[0].device, hangs.id);
    EXPECT_EQ(controller.state(hangs).state, "stuck");
    EXPECT_EQ(controller.view().inventory.devices.size(), 2U);
    EXPECT_EQ(controller.view().inventory.find(hangs.id)->driver, std::nullopt) << "not read";

    harness.send_notice(binding::RecoveryEnded{"scan-7", binding::RecoveryResult::kUndone, {}});
    harness.run_until_asked("scan_devices", 1);
    harness.run_idle();
    EXPECT_TRUE(controller.stuck().empty());
    EXPECT_EQ(controller.view().inventory.find(hangs.id)->driver, "e1000e");
}

TEST(HungRead, IsRecognisedByTheAttributesThatAreOpen) {
    const auto bus = base::Dir::open("/sys/bus/platform/devices");
    ASSERT_TRUE(bus);
    const auto devices = bus->entries();
    ASSERT_TRUE(devices);
    for (const std::string& name : *devices) {
        const base::UniqueFd open(
            ::openat(bus->fd(), (name + "/uevent").c_str(), O_RDONLY | O_CLOEXEC));
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

TEST(ControllerRunner, KeepsWhatALaterLookHasFound) {
    answer_late("scan_devices", HostEvent::EventKind::kRemoved);
    answer_late("scan_host", HostEvent::EventKind::kLost);
}

}  // namespace
}  // namespace bindd
