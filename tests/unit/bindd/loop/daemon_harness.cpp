// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/bindd/loop/daemon_harness.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bindd {

using Clock = std::chrono::steady_clock;

void write_interrupted_transaction(const binding::StateDir& state, fake::FakeKernel& kernel,
                                   const std::string& address) {
    ::mkdir(state.run.c_str(), 0755);
    const sysfs::DeviceId id = fake::pci_id(address);
    const sysfs::Device device = kernel.state().devices.at(id);
    const std::string txn = "20260102-030405.123456-" + std::to_string(*device.iommu_group);
    binding::BeginRecord begun{.txn = txn,
                               .time_us = 1,
                               .actor = "vfioctl",
                               .action = "apply",
                               .group = device.iommu_group,
                               .devices = {}};
    begun.devices.push_back({.device = id,
                             .identity = device.identity(),
                             .before = {device.driver, device.driver_override},
                             .origin = {},
                             .rule = "nics",
                             .where = "test.yaml:3"});
    auto journal = binding::Journal::open(state);
    ASSERT_TRUE(journal) << journal.error().text();
    for (const binding::Record& record :
         {binding::Record(begun),
          binding::Record(
              binding::IntentRecord{txn, 0, policy::Op::kSetOverride, id, "vfio-pci", ""}),
          binding::Record(binding::IntentRecord{txn, 1, policy::Op::kUnbind, id, "e1000e", ""})})
        ASSERT_TRUE(journal->journal.append(record, binding::Sync::kNow));
    kernel.change([&](fake::KernelState& world) {
        world.devices.at(id).driver.reset();
        world.devices.at(id).driver_override = "vfio-pci";
    });
}

DaemonHarness::DaemonHarness(const fake::KernelState& world, const std::string& text)
    : kernel_(dir_.path() + "/world") {
    fake::FakeKernel::create(dir_.path() + "/world", world);
    ::mkdir((dir_.path() + "/policies").c_str(), 0755);
    std::ofstream(dir_.path() + "/boot_id") << "11111111-2222-3333-4444-555555555555\n";
    policy(text);
}

DaemonHarness::~DaemonHarness() {
    if (pid_ != 0)
        kill();
}

DaemonHarness& DaemonHarness::apply_mode(const char* mode) {
    apply_mode_ = mode;
    return *this;
}

DaemonHarness& DaemonHarness::timeout(std::chrono::milliseconds timeout) {
    timeout_ = timeout;
    return *this;
}

void DaemonHarness::policy(const std::string& text) {
    const std::string path = dir_.path() + "/policies/test.yaml";
    std::ofstream(path + ".new") << text;
    ASSERT_EQ(::rename((path + ".new").c_str(), path.c_str()), 0);
}

void DaemonHarness::start() {
    start(Group::kOurs);
}

void DaemonHarness::start_in_group() {
    start(Group::kItsOwn);
}

void DaemonHarness::wait_for_end(std::chrono::milliseconds patience) {
    const auto end = Clock::now() + patience;
    while (::waitpid(pid_, nullptr, WNOHANG) == 0) {
        if (Clock::now() > end)
            return kill();
        ::usleep(2'000);
    }
    pid_ = 0;
    in_.reset();
    out_.reset();
}

void DaemonHarness::start(Group group) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    ASSERT_EQ(::pipe2(in.data(), O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(out.data(), O_CLOEXEC), 0);
    pid_ = ::fork();
    ASSERT_GE(pid_, 0);
    if (pid_ == 0) {
        if (group == Group::kItsOwn)
            ::setpgid(0, 0);
        ::dup2(in[0], STDIN_FILENO);
        ::dup2(out[1], STDOUT_FILENO);
        ::unsetenv("JOURNAL_STREAM");
        ::unsetenv("NOTIFY_SOCKET");
        const std::string timeout = std::to_string(timeout_.count());
        ::setenv("BINDD_FAKE_TIMEOUT_MS", timeout.c_str(), 1);
        ::setenv("BINDD_FAKE_APPLY", apply_mode_, 1);
        ::execl(BINDD_FAKE, "bindd_fake", (dir_.path() + "/world").c_str(), dir_.path().c_str(),
                timeout.c_str(), (dir_.path() + "/policies").c_str(), static_cast<char*>(nullptr));
        ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    in_ = base::UniqueFd(in[1]);
    out_ = base::UniqueFd(out[0]);
    unread_.clear();
}

void DaemonHarness::start_ready() {
    start();
    wait_for_line("ready");
}

void DaemonHarness::send_line(const std::string& line) {
    const std::string text = line + "\n";
    ASSERT_EQ(::write(in_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

std::string DaemonHarness::wait_for_line(const std::string& beginning,
                                         std::chrono::milliseconds patience) {
    const auto end = Clock::now() + patience;
    std::string skipped;
    for (;;) {
        for (std::size_t at = 0; (at = unread_.find('\n')) != std::string::npos;) {
            const std::string line = unread_.substr(0, at);
            unread_.erase(0, at + 1);
            if (line.starts_with(beginning))
                return line;
            skipped += line + "\n";
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
        pollfd asked{out_.get(), POLLIN, 0};
        std::array<char, 4096> buffer{};
        const bool more = left.count() > 0 && ::poll(&asked, 1, static_cast<int>(left.count())) > 0;
        const ssize_t got = more ? ::read(out_.get(), buffer.data(), buffer.size()) : 0;
        if (got <= 0) {
            ADD_FAILURE() << "never received '" << beginning << "' in:\n" << skipped;
            return {};
        }
        unread_.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

std::string DaemonHarness::state_when(const std::string& device, const std::string& state) {
    const auto end = Clock::now() + std::chrono::seconds(20);
    std::string line;
    do {
        send_line("state pci/" + device);
        line = wait_for_line("state pci/" + device);
        if (line.starts_with("state pci/" + device + " " + state))
            return line;
        ::usleep(10'000);
    } while (Clock::now() < end && !line.empty());
    ADD_FAILURE() << device << " never was " << state << ", but: " << line;
    return line;
}

void DaemonHarness::kill() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
    in_.reset();
    out_.reset();
}

int DaemonHarness::stop() {
    int status = 0;
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    in_.reset();
    out_.reset();
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void DaemonHarness::forget_boot() {
    std::filesystem::remove_all(dir_.path() + "/run");
    std::ofstream(dir_.path() + "/boot_id") << "99999999-2222-3333-4444-555555555555\n";
}

void DaemonHarness::plug(const sysfs::Device& device) {
    kernel_.change([&](fake::KernelState& world) { world.devices[device.id] = device; });
    send_line("add " + device.id.text());
}

void DaemonHarness::unplug(const std::string& address) {
    kernel_.change([&](fake::KernelState& world) { world.devices.erase(fake::pci_id(address)); });
    send_line("remove pci/" + address);
}

std::string DaemonHarness::driver_of(const std::string& address) {
    const fake::KernelState world = kernel_.state();
    const auto device = world.devices.find(fake::pci_id(address));
    return device == world.devices.end() ? "absent" : device->second.driver.value_or("none");
}

bool DaemonHarness::wait_for_driver(const std::string& address, const std::string& driver) {
    const auto end = Clock::now() + std::chrono::seconds(20);
    while (driver_of(address) != driver && Clock::now() < end)
        ::usleep(2'000);
    return driver_of(address) == driver;
}

binding::StateDir DaemonHarness::state() const {
    return {dir_.path() + "/run", dir_.path() + "/lib", dir_.path() + "/boot_id", {}};
}

binding::JournalState DaemonHarness::journal_state() const {
    const auto journal_state = binding::read_journal(state());
    return journal_state ? *journal_state : binding::JournalState{};
}

fake::KernelState nics(int count) {
    fake::Host host;
    for (int i = 1; i <= count; ++i)
        host.pci("0000:" + base::to_hex(static_cast<std::uint32_t>(i), 2) + ":00.0")
            .nic()
            .group(10 + i)
            .driver("e1000e");
    return fake::KernelState::from(host);
}

std::string all_nics(const std::string& more) {
    return "version: 1\nrules:\n  - name: nics\n    match: { class: network }\n    driver: auto\n" +
           more;
}

}  // namespace bindd
