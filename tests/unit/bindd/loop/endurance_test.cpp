// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tests/unit/bindd/loop/daemon_harness.hpp"
#include "tests/unit/sanitized.hpp"

/// What only shows in the long run: leaks, restarts at bad moments, lost events.
namespace bindd {
namespace {

std::size_t open_fds(pid_t pid) {
    std::size_t count = 0;
    DIR* dir = ::opendir(("/proc/" + std::to_string(pid) + "/fd").c_str());
    while (dir != nullptr && ::readdir(dir) != nullptr)
        ++count;
    if (dir != nullptr)
        ::closedir(dir);
    return count;
}

std::size_t resident_kib(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:"))
            return std::stoul(line.substr(6));
    return 0;
}

std::vector<pid_t> children_of(pid_t pid) {
    std::ifstream children("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) +
                           "/children");
    std::vector<pid_t> all;
    for (pid_t child = 0; children >> child;)
        all.push_back(child);
    return all;
}

TEST(Endurance, FiveHundredPlugsLeaveFdsAndMemoryFlat) {
    fake::KernelState world = nics(3);
    const sysfs::Device guest = world.devices.at(fake::pci_id("0000:03:00.0"));
    DaemonHarness daemon(world, all_nics());
    daemon.start_ready();
    std::size_t fds = 0;
    std::size_t kib = 0;
    const std::vector<pid_t> executors = children_of(daemon.pid());
    ASSERT_EQ(executors.size(), 1U);
    std::size_t executor_fds = 0;
    for (int cycle = 0; cycle < 500; ++cycle) {
        daemon.unplug("0000:03:00.0");
        daemon.wait_for_line("vanished pci/0000:03:00.0");
        daemon.plug(guest);
        ASSERT_EQ(daemon.wait_for_line("transaction"), "transaction group 13 done") << cycle;
        daemon.change([](fake::KernelState& now) { now.trace.clear(); });
        if (cycle == 100) {
            fds = open_fds(daemon.pid());
            executor_fds = open_fds(executors.front());
            kib = resident_kib(daemon.pid());
        }
    }
    daemon.state_when("0000:03:00.0", "bound");
    EXPECT_EQ(open_fds(daemon.pid()), fds);
    ::usleep(100'000);
    EXPECT_LE(open_fds(executors.front()), executor_fds + 8)
        << "its workers' sockets may be there, two each";
    if (!kSanitized) {
        EXPECT_LT(resident_kib(daemon.pid()), kib + 1024);
    }
}

TEST(Endurance, ABurstOfPlugsEndsWithAllAsDeclared) {
    fake::KernelState full = nics(64);
    fake::KernelState empty = full;
    empty.devices.clear();
    DaemonHarness daemon(empty, all_nics());
    daemon.start_ready();
    daemon.change([&](fake::KernelState& now) { now.devices = full.devices; });
    for (const auto& [id, device] : full.devices)
        daemon.send_line("add " + id.text());
    for (const auto& [id, device] : full.devices)
        EXPECT_TRUE(daemon.wait_for_driver(id.name, "vfio-pci")) << id.name;
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_EQ(daemon.journal_state().bound.size(), 64U);
}

/// kill -9 of daemon and executor, at moments spread over a stream of binds and releases.
TEST(Endurance, FiftyRestartsUnderLoadEndAsDeclared) {
    DaemonHarness daemon(nics(6), all_nics());
    for (int round = 0; round < 50; ++round) {
        daemon.start();
        if (round % 2 == 1)
            daemon.wait_for_line("ready");
        for (int i = 1; i <= 3; ++i)
            daemon.send_line((round % 3 == 0 ? "release pci/0000:0" : "bind pci/0000:0") +
                             std::to_string(i) + ":00.0");
        ::usleep(static_cast<useconds_t>(round * 1'700));
        daemon.kill();
    }
    daemon.start_ready();
    daemon.send_line("apply");
    daemon.wait_for_line("job");
    for (int i = 1; i <= 6; ++i)
        EXPECT_TRUE(daemon.wait_for_driver("0000:0" + std::to_string(i) + ":00.0", "vfio-pci"))
            << i;
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.journal_state().in_flight.empty());
    EXPECT_EQ(daemon.journal_state().bound.size(), 6U);
}

/// The made-up kernel kills the executor, or the worker, at every moment of a start.
TEST(Endurance, DeathAtAnyMomentIsUndoneOrFinishedByTheNextStart) {
    for (const fake::KillScope death : {fake::KillScope::kProcess, fake::KillScope::kProcessGroup})
        for (unsigned moment = 1; moment <= 40; moment += 3) {
            fake::KernelState world = nics(2);
            world.faults.kill_at = moment;
            world.faults.death = death;
            DaemonHarness daemon(world, all_nics());
            daemon.start_in_group();
            daemon.wait_for_end(std::chrono::milliseconds(1'500));
            daemon.change([](fake::KernelState& now) { now.faults.kill_at = 0; });
            daemon.start_ready();
            EXPECT_EQ(daemon.driver_of("0000:01:00.0"), "vfio-pci") << moment;
            EXPECT_EQ(daemon.driver_of("0000:02:00.0"), "vfio-pci") << moment;
            EXPECT_EQ(daemon.stop(), 0);
            EXPECT_TRUE(daemon.journal_state().in_flight.empty()) << moment;
        }
}

}  // namespace
}  // namespace bindd
