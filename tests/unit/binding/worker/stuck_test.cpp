// SPDX-License-Identifier: LGPL-2.1-or-later
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "binding/journal/lock.hpp"
#include "binding/transaction/release_plan.hpp"
#include "binding/worker/worker_pool.hpp"
#include "tests/unit/binding/test_host.hpp"

/// Writes that never return, workers that die, limits, and the one writer.
namespace binding {
namespace {

using policy::StepResult;
using Clock = std::chrono::steady_clock;
using Words = std::vector<std::string>;

/// `count` nics, each alone in its group.
fake::KernelState nics(int count, const std::string& driver = "e1000e") {
    fake::Host host;
    for (int i = 1; i <= count; ++i)
        host.pci("0000:0" + std::to_string(i) + ":00.0").nic().group(10 + i).driver(driver);
    return fake::KernelState::from(host);
}

policy::Plan plan_each(TestHost& fixture, int count) {
    policy::Plan plan;
    for (int i = 1; i <= count; ++i)
        plan.transactions.push_back(
            fixture.plan({"0000:0" + std::to_string(i) + ":00.0"}, {"vfio-pci"}).transactions[0]);
    return plan;
}

std::vector<std::string> results(const policy::Plan& plan) {
    std::vector<std::string> all;
    for (const policy::Transaction& transaction : plan.transactions)
        all.push_back(transaction.result ? policy::step_result_name(*transaction.result) : "-");
    return all;
}

TEST(Stuck, LeavesTheOthersAloneAndEndsInTime) {
    fake::KernelState world = nics(4);
    world.faults.hang_on = {"unbind 0000:02:00.0"};
    TestHost fixture(world);
    fixture.options().timeout = std::chrono::milliseconds(500);
    fixture.options().workers = 2;
    const auto begun = Clock::now();
    const policy::Plan done = fixture.apply(plan_each(fixture, 4));
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds(5));
    EXPECT_EQ(results(done), (Words{"done", "stuck", "done", "done"}));
    EXPECT_EQ(
        words(done.transactions[1].steps),
        (Words{"load_module 0000:02:00.0 vfio_pci done", "set_override 0000:02:00.0 vfio-pci done",
               "unbind 0000:02:00.0 e1000e stuck", "bind 0000:02:00.0 vfio-pci skipped"}));
    EXPECT_EQ(done.transactions[1].error,
              "unbind 0000:02:00.0 from e1000e: did not return within 500 ms");
    EXPECT_EQ(fixture.journal_state().in_flight.size(), 1U);
}

/// `vfioctl release ... | cat` must end while a worker of it is stuck in the kernel.
TEST(Stuck, HoldsNoPipeOfTheCallers) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);  // inherited by exec, as a shell's are
    auto worker = Worker::start(
        [](const std::string& request, const auto&) {
            ::pause();
            return request;
        },
        {});
    ASSERT_TRUE(worker);
    ASSERT_TRUE(worker->send("hang"));
    ::close(pipe[1]);
    pollfd end{pipe[0], POLLIN, 0};
    EXPECT_EQ(::poll(&end, 1, 5'000), 1) << "nobody else may write to it";
    ::close(pipe[0]);
    worker->abandon();
}

/// A release whose second look does not find the holder, as one that comes after it.
policy::Plan late_holder_release(TestHost& fixture) {
    policy::Plan release = fixture.release_plan({"0000:01:00.0"});
    release.transactions.at(0).changes.at(0).accepted_uses.push_back(sysfs::UseKind::kVfioOpen);
    return release;
}

TEST(Stuck, NamesWhoHoldsTheDevice) {
    TestHost fixture(nics(1));
    fixture.apply(plan_each(fixture, 1));
    const policy::Plan release = late_holder_release(fixture);
    fixture.kernel().change([](fake::KernelState& world) {
        world.open(pci_id("0000:01:00.0"), "qemu-system-x86 (pid 712)");
    });
    fixture.options().timeout = std::chrono::milliseconds(300);
    const policy::Plan done = fixture.apply(release);
    EXPECT_EQ(results(done), Words{"stuck"});
    EXPECT_EQ(done.transactions[0].error,
              "unbind 0000:01:00.0 from vfio-pci: did not return within 300 ms; held by "
              "qemu-system-x86 (pid 712)");
}

TEST(Stuck, IsUndoneByTheNextRunOnceItIsLetGo) {
    TestHost fixture(nics(1));
    fixture.apply(plan_each(fixture, 1));
    const DriverStates bound = fixture.driver_states();
    const policy::Plan release = late_holder_release(fixture);
    fixture.kernel().change(
        [](fake::KernelState& world) { world.open(pci_id("0000:01:00.0"), "qemu (pid 712)"); });
    fixture.options().timeout = std::chrono::milliseconds(300);
    EXPECT_EQ(results(fixture.apply(release)), Words{"stuck"});
    // While it is stuck every read of it blocks: the next run must not.
    const auto begun = Clock::now();
    fixture.apply({});
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds(3));
    EXPECT_EQ(fixture.journal_state().in_flight.size(), 1U);
    fixture.kernel().close(pci_id("0000:01:00.0"));
    fixture.apply({});
    EXPECT_TRUE(fixture.journal_state().in_flight.empty());
    EXPECT_EQ(fixture.driver_states(), bound);
    EXPECT_EQ(results(fixture.release({"0000:01:00.0"})), Words{"done"});
}

TEST(Stuck, BlocksNewTransactionsOfTheSameDeviceOnly) {
    fake::KernelState world = nics(2);
    world.faults.hang_on = {"unbind 0000:01:00.0"};
    TestHost fixture(world);
    fixture.options().timeout = std::chrono::milliseconds(300);
    const policy::Plan both = plan_each(fixture, 2);
    const policy::Plan first{{both.transactions[0]}};
    EXPECT_EQ(results(fixture.apply(first)), Words{"stuck"});
    // The undo hangs as well, when it comes to write: the override goes back, then nothing more.
    fixture.kernel().change(
        [](fake::KernelState& now) { now.faults.hang_on = {"set_override 0000:01:00.0"}; });
    const policy::Plan done = fixture.apply(both);
    EXPECT_EQ(results(done), (Words{"failed", "done"}));
    EXPECT_NE(done.transactions[0].error.find("has not been undone yet"), std::string::npos)
        << done.transactions[0].error;
}

TEST(Stuck, KeepsOtherDevicesOfALimitedDriverFromBeginning) {
    fake::KernelState world = nics(3, "ioatdma");
    world.faults.hang_on = {"unbind 0000:01:00.0"};
    TestHost fixture(world);
    fixture.options().timeout = std::chrono::milliseconds(300);
    fixture.options().workers = 3;
    const policy::Plan done = fixture.apply(plan_each(fixture, 3));
    EXPECT_EQ(results(done), (Words{"stuck", "skipped", "skipped"}));
}

TEST(Worker, ThatIsKilledHasItsTransactionUndone) {
    fake::KernelState world = nics(2);
    TestHost fixture(world);
    const DriverStates before = fixture.driver_states();
    // The second kernel write of the first transaction is its override; it dies when that has
    // returned.
    fixture.kernel().change([&](fake::KernelState& now) {
        now.faults.kill_at = fixture.moments() + 22;
        now.faults.death = fake::KillScope::kProcess;
    });
    const policy::Plan done = fixture.apply(plan_each(fixture, 2));
    ASSERT_EQ(results(done), (Words{"rolled_back", "done"}));
    EXPECT_TRUE(done.transactions[0].error.starts_with("its worker process died (signal 9) at: "))
        << done.transactions[0].error;
    EXPECT_EQ(fixture.driver_states().at("0000:01:00.0"), before.at("0000:01:00.0"));
    EXPECT_TRUE(fixture.journal_state().in_flight.empty());
}

TEST(Limit, LetsOneUnbindFromIoatdmaAtATime) {
    EXPECT_EQ(parallel_unbind_limit("ioatdma"), 1U);
    EXPECT_EQ(parallel_unbind_limit("nvme"), 0U);
    TestHost fixture(nics(3, "ioatdma"));
    fixture.options().workers = 3;
    EXPECT_EQ(results(fixture.apply(plan_each(fixture, 3))), (Words{"done", "done", "done"}));
    // One transaction's writes are never interrupted by another's.
    std::string order;
    for (const std::string& line : fixture.kernel().state().trace)
        if (line.starts_with("0000:"))
            order += line[6];
    EXPECT_TRUE(order == "111222333" || order.size() == 9) << order;
    EXPECT_EQ(std::unique(order.begin(), order.end()) - order.begin(), 3) << order;
}

TEST(Lock, IsRefusedToASecondWriterWithTheNameOfTheFirst) {
    TestHost fixture(nics(1));
    std::array<int, 2> ready{};
    ASSERT_EQ(::pipe(ready.data()), 0);
    const pid_t holder = ::fork();
    if (holder == 0) {
        const auto lock = Lock::acquire(fixture.state());
        ::close(ready[1]);
        ::pause();
        ::_exit(lock ? 0 : 1);
    }
    ::close(ready[1]);
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 0);
    const auto refused =
        apply(fixture.kernel(), fixture.state(), plan_each(fixture, 1), fixture.options());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::Code::kBusy);
    EXPECT_EQ(refused.error().text(), fixture.state().lock_path() +
                                          ": lock: held by binding_test (pid " +
                                          std::to_string(holder) + ")");
    ::kill(holder, SIGKILL);
    ::waitpid(holder, nullptr, 0);
    ::close(ready[0]);
    // Its death is its release.
    EXPECT_EQ(results(fixture.apply(plan_each(fixture, 1))), Words{"done"});
}

TEST(Release, IsRefusedWhileTheDeviceIsOpen) {
    TestHost fixture(nics(1));
    fixture.apply(plan_each(fixture, 1));
    fixture.kernel().change(
        [](fake::KernelState& world) { world.open(pci_id("0000:01:00.0"), "qemu (pid 712)"); });
    const policy::Plan plan = fixture.release_plan({"0000:01:00.0"});
    EXPECT_EQ(plan.transactions[0].verdict, policy::Verdict::kRefused);
    ASSERT_EQ(plan.transactions[0].reasons.size(), 1U);
    EXPECT_EQ(plan.transactions[0].reasons[0].code, policy::ReasonCode::kVfioOpen);
    EXPECT_EQ(plan.transactions[0].reasons[0].evidence, "qemu (pid 712)");
    const unsigned writes = fixture.kernel().state().writes;
    EXPECT_EQ(results(fixture.apply(plan)), Words{"-"});
    EXPECT_EQ(fixture.kernel().state().writes, writes);
}

TEST(Rollback, UndoesTheNewestTransactionOrTheOneNamed) {
    TestHost fixture(nics(2));
    const DriverStates before = fixture.driver_states();
    policy::Plan both = plan_each(fixture, 2);
    fixture.apply({{both.transactions[0]}});
    fixture.apply({{both.transactions[1]}});
    const auto inventory = fixture.kernel().state().inventory();
    const auto newest = plan_rollback(fixture.kernel(), fixture.state(), inventory, {});
    ASSERT_TRUE(newest);
    EXPECT_EQ(newest->transactions.at(0).devices, (std::vector{pci_id("0000:02:00.0")}));
    const std::string txn = fixture.journal_state().bound.at(pci_id("0000:01:00.0")).txn;
    const auto named = plan_rollback(fixture.kernel(), fixture.state(), inventory, txn);
    ASSERT_TRUE(named);
    EXPECT_EQ(named->transactions.at(0).devices, (std::vector{pci_id("0000:01:00.0")}));
    fixture.apply(*newest);
    fixture.apply(*named);
    EXPECT_EQ(fixture.driver_states(), before);
    const auto none = plan_rollback(fixture.kernel(), fixture.state(), inventory, txn);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, base::Code::kNotFound);
}

}  // namespace
}  // namespace binding
