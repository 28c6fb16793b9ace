// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/binding/transaction/scenarios.hpp"

/// kill -9 at every moment: before and after each write to the kernel and to the journal, the whole
/// process group or the worker alone. Whatever the moment, the next run ends in the old state or
/// the new, overrides included, and the journal has nothing under way.
namespace binding {
namespace {

using fake::KillScope;

const std::vector<std::string> kThree = {"0000:00:1f.2", "0000:00:1f.3", "0000:00:1f.4"};
const std::vector<std::string> kOne = {"0000:01:00.0"};

/// Was the moment reached at all? When it is not, the sweep has come to its end.
bool crash_at(TestHost& fixture, unsigned moment, KillScope death,
              const std::function<void()>& run) {
    unsigned now = 0;
    // Nothing hangs here, and a machine may be busy.
    fixture.options().timeout = std::chrono::minutes(1);
    fixture.kernel().change([&](fake::KernelState& world) {
        world.faults.death = death;
        world.faults.kill_at = moment + fixture.moments();
        now = world.faults.kill_at;
    });
    const bool survived = TestHost::survives(run);
    const bool reached = fixture.moments() >= now;
    fixture.kernel().change([](fake::KernelState& world) { world.faults.kill_at = 0; });
    EXPECT_TRUE(death == KillScope::kProcess || survived != reached);
    return reached;
}

void expect_whole(TestHost& fixture, const Ends& ends, const std::string& where) {
    const State state = state_of(fixture);
    EXPECT_TRUE(state == ends.before || state == ends.after) << where << "\nstands:\n"
                                                             << state << "\nbefore:\n"
                                                             << ends.before << "\nafter:\n"
                                                             << ends.after;
    EXPECT_TRUE(fixture.journal_state().in_flight.empty()) << where;
}

class Crash : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Crash, OfEverythingAtAnyMomentEndsOldOrNew) {
    const Scenario& scenario = scenarios().at(GetParam());
    const auto ends = ends_of(scenario);
    unsigned moment = 1;
    for (bool reached = true; reached; ++moment) {
        const auto host = prepare(scenario);
        TestHost& fixture = *host;
        const policy::Plan plan = scenario.plan(fixture);
        reached = crash_at(fixture, moment, KillScope::kProcessGroup, [&] { fixture.apply(plan); });
        fixture.apply({});
        expect_whole(fixture, ends,
                     std::string(scenario.name) + ", moment " + std::to_string(moment));
        if (HasFailure())
            return;
    }
    EXPECT_GT(moment, 10U);
}

TEST_P(Crash, OfTheWorkerAtAnyMomentEndsOldOrNewAtOnce) {
    const Scenario& scenario = scenarios().at(GetParam());
    const auto ends = ends_of(scenario);
    // The parent opens the journal first; only what comes after is the worker's.
    for (unsigned moment = 1;; ++moment) {
        const auto host = prepare(scenario);
        TestHost& fixture = *host;
        const policy::Plan plan = scenario.plan(fixture);
        const bool reached =
            crash_at(fixture, moment, KillScope::kProcess, [&] { fixture.apply(plan); });
        if (fixture.journal_state().in_flight.empty())
            expect_whole(fixture, ends,
                         std::string(scenario.name) + ", moment " + std::to_string(moment));
        else
            ADD_FAILURE() << "left in flight at moment " << moment;
        if (!reached || HasFailure())
            return;
    }
}

/// The parent alone: its workers go with it (PR_SET_PDEATHSIG), wherever they are.
TEST_P(Crash, OfTheParentTakesItsWorkersAlong) {
    const Scenario& scenario = scenarios().at(GetParam());
    const auto ends = ends_of(scenario);
    bool reached = true;
    for (unsigned moment = 1; reached; moment += 3) {
        const auto host = prepare(scenario);
        TestHost& fixture = *host;
        const policy::Plan plan = scenario.plan(fixture);
        reached = crash_at(fixture, moment, KillScope::kParent, [&] { fixture.apply(plan); });
        fixture.apply({});
        expect_whole(fixture, ends,
                     std::string(scenario.name) + ", moment " + std::to_string(moment));
        if (HasFailure())
            return;
    }
}

/// The recovery dies too, and the one after it must still make it whole.
TEST_P(Crash, OfTheRecoveryAtAnyMomentEndsOldOrNew) {
    const Scenario& scenario = scenarios().at(GetParam());
    const auto ends = ends_of(scenario);
    // All pairs are too many: strides that share no factor meet every moment in some pair.
    const bool long_one = ends.before.states.size() > 1;
    const unsigned first_stride = long_one ? 11 : 4;
    const unsigned second_stride = long_one ? 7 : 3;
    bool first_reached = true;
    for (unsigned first = 1; first_reached; first += first_stride) {
        bool second_reached = true;
        for (unsigned second = 1 + first % second_stride; second_reached && first_reached;
             second += second_stride) {
            const auto host = prepare(scenario);
            TestHost& fixture = *host;
            const policy::Plan plan = scenario.plan(fixture);
            first_reached =
                crash_at(fixture, first, KillScope::kProcessGroup, [&] { fixture.apply(plan); });
            second_reached =
                crash_at(fixture, second, KillScope::kProcessGroup, [&] { fixture.apply({}); });
            fixture.apply({});
            expect_whole(fixture, ends,
                         std::string(scenario.name) + ", moments " + std::to_string(first) +
                             " and " + std::to_string(second));
            if (HasFailure())
                return;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(AtEveryMoment, Crash,
                         ::testing::Range(std::size_t{0}, scenarios().size()));

/// The release that a user would ask for next; what is only in flight is undone by its recovery.
TEST(CrashRecovery, IsWholeForAReleaseThatComesNext) {
    const Scenario& scenario = scenarios().front();
    const State before = ends_of(scenario).before;
    bool reached = true;
    for (unsigned moment = 1; reached && !HasFailure(); ++moment) {
        TestHost fixture(scenario.world());
        const policy::Plan plan = scenario.plan(fixture);
        reached = crash_at(fixture, moment, KillScope::kProcessGroup, [&] { fixture.apply(plan); });
        const JournalState journal_state = fixture.journal_state();
        if (journal_state.bound.contains(pci_id(kOne[0])) || !journal_state.in_flight.empty())
            fixture.release(kOne);
        expect_whole(fixture, {before, before}, "moment " + std::to_string(moment));
    }
}

/// After a crash and its recovery everything still works: bind, and back.
TEST(CrashRecovery, IsNoneForTheNextBindAndRelease) {
    for (unsigned moment = 1; moment < 30; moment += 3) {
        TestHost fixture(one_nic());
        const DriverStates before = fixture.driver_states();
        const policy::Plan plan = fixture.plan(kOne, {"vfio-pci"});
        crash_at(fixture, moment, KillScope::kProcessGroup, [&] { fixture.apply(plan); });
        fixture.recover();
        if (!fixture.journal_state().bound.contains(pci_id(kOne[0])))
            fixture.apply(fixture.plan(kOne, {"vfio-pci"}));
        EXPECT_EQ(fixture.driver_states(), (DriverStates{{kOne[0], {"vfio-pci", "vfio-pci"}}}));
        fixture.release(kOne);
        EXPECT_EQ(fixture.driver_states(), before);
    }
}

/// Of a group whose transaction was killed half way some members stood as wanted, so a plan made
/// from that had only the others in it; carried out after the recovery it took part of a group.
TEST(CrashRecovery, MakesThePlanThatWasMadeBeforeRecoveryWorthNothing) {
    TestHost fixture(group_of_three());
    const DriverStates before = fixture.driver_states();
    const policy::Plan plan = fixture.plan(kThree, {"vfio-pci"});
    unsigned moment = 20;
    const auto half_bound = [&] {
        const DriverStates now = fixture.driver_states();
        return now.at(kThree[0]).driver == "vfio-pci" && now.at(kThree[2]).driver != "vfio-pci";
    };
    while (!half_bound()) {
        fixture.recover();
        ASSERT_TRUE(
            crash_at(fixture, ++moment, KillScope::kProcessGroup, [&] { fixture.apply(plan); }));
    }
    const policy::Plan done = fixture.apply(fixture.plan({kThree[2]}, {"vfio-pci"}));
    EXPECT_EQ(
        done.transactions[0].error,
        kThree[0] + ": an interrupted transaction was undone after this was planned; plan again");
    EXPECT_EQ(fixture.driver_states(), before);
    EXPECT_EQ(fixture.apply(plan).transactions[0].result, policy::StepResult::kDone);
}

}  // namespace
}  // namespace binding
