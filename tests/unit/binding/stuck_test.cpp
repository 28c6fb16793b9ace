// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/wait.h>

#include <algorithm>
#include <chrono>

#include "binding/lock.hpp"
#include "binding/pool.hpp"
#include "tests/unit/binding/stand.hpp"

/// Writes that never return, workers that die, limits, and the one writer.
namespace binding {
namespace {

using policy::StepResult;
using Clock = std::chrono::steady_clock;
using Words = std::vector<std::string>;

/// `count` nics, each alone in its group.
fake::World nics(int count, const std::string& driver = "e1000e") {
    fake::Host host;
    for (int i = 1; i <= count; ++i)
        host.pci("0000:0" + std::to_string(i) + ":00.0").nic().group(10 + i).driver(driver);
    return fake::World::of(host);
}

policy::Plan plan_each(Stand& stand, int count) {
    policy::Plan plan;
    for (int i = 1; i <= count; ++i)
        plan.transactions.push_back(
            stand.plan({"0000:0" + std::to_string(i) + ":00.0"}, {"vfio-pci"}).transactions[0]);
    return plan;
}

std::vector<std::string> results(const policy::Plan& plan) {
    std::vector<std::string> all;
    for (const policy::Transaction& transaction : plan.transactions)
        all.push_back(transaction.result ? policy::step_result_name(*transaction.result) : "-");
    return all;
}

TEST(Stuck, LeavesTheOthersAloneAndEndsInTime) {
    fake::World world = nics(4);
    world.script.hang_on = {"unbind 0000:02:00.0"};
    Stand stand(world);
    stand.options().timeout = std::chrono::milliseconds(500);
    stand.options().workers = 2;
    const auto begun = Clock::now();
    const policy::Plan done = stand.apply(plan_each(stand, 4));
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds(5));
    EXPECT_EQ(results(done), (Words{"done", "stuck", "done", "done"}));
    EXPECT_EQ(words(done.transactions[1].steps),
              (Words{"load_module 0000:02:00.0 vfio_pci done",
                     "set_override 0000:02:00.0 vfio-pci done", "unbind 0000:02:00.0 e1000e stuck",
                     "bind 0000:02:00.0 vfio-pci skipped"}));
    EXPECT_EQ(done.transactions[1].error,
              "unbind 0000:02:00.0 from e1000e: did not return within 500 ms");
    EXPECT_EQ(stand.ledger().in_flight.size(), 1U);
}

TEST(Stuck, NamesWhoHoldsTheDevice) {
    Stand stand(nics(1));
    stand.apply(plan_each(stand, 1));
    const policy::Plan release = stand.release_plan({"0000:01:00.0"});
    stand.kernel().change([](fake::World& world) {
        world.open(pci_id("0000:01:00.0"), "qemu-system-x86 (pid 712)");
    });
    stand.options().timeout = std::chrono::milliseconds(300);
    const policy::Plan done = stand.apply(release);
    EXPECT_EQ(results(done), Words{"stuck"});
    EXPECT_EQ(done.transactions[0].error,
              "unbind 0000:01:00.0 from vfio-pci: did not return within 300 ms; held by "
              "qemu-system-x86 (pid 712)");
}

TEST(Stuck, IsUndoneByTheNextRunOnceItIsLetGo) {
    Stand stand(nics(1));
    stand.apply(plan_each(stand, 1));
    const Picture bound = stand.picture();
    const policy::Plan release = stand.release_plan({"0000:01:00.0"});
    stand.kernel().change(
        [](fake::World& world) { world.open(pci_id("0000:01:00.0"), "qemu (pid 712)"); });
    stand.options().timeout = std::chrono::milliseconds(300);
    EXPECT_EQ(results(stand.apply(release)), Words{"stuck"});
    // While it is stuck every look at it blocks: the next run must not.
    const auto begun = Clock::now();
    stand.apply({});
    EXPECT_LT(Clock::now() - begun, std::chrono::seconds(3));
    EXPECT_EQ(stand.ledger().in_flight.size(), 1U);
    stand.kernel().close(pci_id("0000:01:00.0"));
    stand.apply({});
    EXPECT_TRUE(stand.ledger().in_flight.empty());
    EXPECT_EQ(stand.picture(), bound);
    EXPECT_EQ(results(stand.release({"0000:01:00.0"})), Words{"done"});
}

TEST(Stuck, BlocksNewTransactionsOfTheSameDeviceOnly) {
    fake::World world = nics(2);
    world.script.hang_on = {"unbind 0000:01:00.0"};
    Stand stand(world);
    stand.options().timeout = std::chrono::milliseconds(300);
    const policy::Plan both = plan_each(stand, 2);
    const policy::Plan first{{both.transactions[0]}};
    EXPECT_EQ(results(stand.apply(first)), Words{"stuck"});
    // The undo hangs as well, when it comes to write: the override goes back, then nothing more.
    stand.kernel().change([](fake::World& now) {
        now.script.hang_on = {"set_override 0000:01:00.0"};
    });
    const policy::Plan done = stand.apply(both);
    EXPECT_EQ(results(done), (Words{"failed", "done"}));
    EXPECT_NE(done.transactions[0].error.find("has not been undone yet"), std::string::npos)
        << done.transactions[0].error;
}

TEST(Stuck, KeepsOtherDevicesOfALimitedDriverFromBeginning) {
    fake::World world = nics(3, "ioatdma");
    world.script.hang_on = {"unbind 0000:01:00.0"};
    Stand stand(world);
    stand.options().timeout = std::chrono::milliseconds(300);
    stand.options().workers = 3;
    const policy::Plan done = stand.apply(plan_each(stand, 3));
    EXPECT_EQ(results(done), (Words{"stuck", "skipped", "skipped"}));
}

TEST(Worker, ThatIsKilledHasItsTransactionUndone) {
    fake::World world = nics(2);
    Stand stand(world);
    const Picture before = stand.picture();
    // The second kernel write of the first transaction is its override; it dies when that has returned.
    stand.kernel().change([&](fake::World& now) {
        now.script.die_at = stand.moments() + 22;
        now.script.death = fake::Death::kProcess;
    });
    const policy::Plan done = stand.apply(plan_each(stand, 2));
    ASSERT_EQ(results(done), (Words{"rolled_back", "done"}));
    EXPECT_TRUE(done.transactions[0].error.starts_with("its worker process died (signal 9) at: "))
        << done.transactions[0].error;
    EXPECT_EQ(stand.picture().at("0000:01:00.0"), before.at("0000:01:00.0"));
    EXPECT_TRUE(stand.ledger().in_flight.empty());
}

TEST(Limit, LetsOneUnbindFromIoatdmaAtATime) {
    EXPECT_EQ(limit_of("ioatdma"), 1U);
    EXPECT_EQ(limit_of("nvme"), 0U);
    Stand stand(nics(3, "ioatdma"));
    stand.options().workers = 3;
    EXPECT_EQ(results(stand.apply(plan_each(stand, 3))), (Words{"done", "done", "done"}));
    // One transaction's writes are never interrupted by another's.
    std::string order;
    for (const std::string& line : stand.kernel().look().trace)
        if (line.starts_with("0000:"))
            order += line[6];
    EXPECT_TRUE(order == "111222333" || order.size() == 9) << order;
    EXPECT_EQ(std::unique(order.begin(), order.end()) - order.begin(), 3) << order;
}

TEST(Lock, IsRefusedToASecondWriterWhoIsToldWhoHasIt) {
    Stand stand(nics(1));
    std::array<int, 2> ready{};
    ASSERT_EQ(::pipe(ready.data()), 0);
    const pid_t holder = ::fork();
    if (holder == 0) {
        const auto lock = Lock::take(stand.state());
        ::close(ready[1]);
        ::pause();
        ::_exit(lock ? 0 : 1);
    }
    ::close(ready[1]);
    char byte = 0;
    EXPECT_EQ(::read(ready[0], &byte, 1), 0);
    const auto refused =
        apply(stand.kernel(), stand.state(), plan_each(stand, 1), stand.options());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, sysfs::Code::kBusy);
    EXPECT_EQ(refused.error().text(), stand.state().lock_path() +
                                          ": lock: held by binding_test (pid " +
                                          std::to_string(holder) + ")");
    ::kill(holder, SIGKILL);
    ::waitpid(holder, nullptr, 0);
    ::close(ready[0]);
    // Its death is its release.
    EXPECT_EQ(results(stand.apply(plan_each(stand, 1))), Words{"done"});
}

TEST(Release, IsRefusedWhileTheDeviceIsOpen) {
    Stand stand(nics(1));
    stand.apply(plan_each(stand, 1));
    stand.kernel().change(
        [](fake::World& world) { world.open(pci_id("0000:01:00.0"), "qemu (pid 712)"); });
    const policy::Plan plan = stand.release_plan({"0000:01:00.0"});
    EXPECT_EQ(plan.transactions[0].verdict, policy::Verdict::kRefused);
    ASSERT_EQ(plan.transactions[0].reasons.size(), 1U);
    EXPECT_EQ(plan.transactions[0].reasons[0].code, policy::ReasonCode::kVfioOpen);
    EXPECT_EQ(plan.transactions[0].reasons[0].evidence, "qemu (pid 712)");
    const unsigned writes = stand.kernel().look().writes;
    EXPECT_EQ(results(stand.apply(plan)), Words{"-"});
    EXPECT_EQ(stand.kernel().look().writes, writes);
}

TEST(Rollback, UndoesTheNewestTransactionOrTheOneNamed) {
    Stand stand(nics(2));
    const Picture before = stand.picture();
    policy::Plan both = plan_each(stand, 2);
    stand.apply({{both.transactions[0]}});
    stand.apply({{both.transactions[1]}});
    const auto inventory = stand.kernel().look().inventory();
    const auto newest = plan_rollback(stand.kernel(), stand.state(), inventory, {});
    ASSERT_TRUE(newest);
    EXPECT_EQ(newest->transactions.at(0).devices, (std::vector{pci_id("0000:02:00.0")}));
    const std::string txn = stand.ledger().bound.at(pci_id("0000:01:00.0")).txn;
    const auto named = plan_rollback(stand.kernel(), stand.state(), inventory, txn);
    ASSERT_TRUE(named);
    EXPECT_EQ(named->transactions.at(0).devices, (std::vector{pci_id("0000:01:00.0")}));
    stand.apply(*newest);
    stand.apply(*named);
    EXPECT_EQ(stand.picture(), before);
    const auto none = plan_rollback(stand.kernel(), stand.state(), inventory, txn);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, sysfs::Code::kNotFound);
}

}  // namespace
}  // namespace binding
