// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>
#include <set>

#include "tests/unit/binding/test_host.hpp"

/// kill -9 at every moment: before and after each write to the kernel and to the journal, the whole
/// process group or the worker alone. Whatever the moment, the next run ends in the old state or
/// the new, overrides included, and the journal has nothing under way.
namespace binding {
namespace {

using fake::KillScope;

struct Scenario {
    const char* name;
    std::function<fake::KernelState()> world;
    std::function<void(TestHost&)> before;  ///< run undisturbed first
    std::function<policy::Plan(TestHost&)> plan;
    void (*next)(TestHost&);  ///< the run that comes after the crash
};

void apply_nothing(TestHost& fixture) {
    fixture.apply({});
}

const std::vector<std::string> kThree = {"0000:00:1f.2", "0000:00:1f.3", "0000:00:1f.4"};
const std::vector<std::string> kOne = {"0000:01:00.0"};

fake::KernelState chain_world() {
    fake::KernelState world = one_nic();
    world.module_brings("mlx5_vfio_pci", "mlx5_vfio_pci", {});
    world.refuse(pci_id(kOne[0]), "mlx5_vfio_pci", ENODEV);
    return world;
}

fake::KernelState last_fails() {
    fake::KernelState world = group_of_three();
    world.refuse(pci_id(kThree[2]), "vfio-pci", EIO);
    return world;
}

fake::KernelState foreign_override() {
    fake::Host host;
    host.pci(kOne[0]).nic().group(15).driver("e1000e").override_("uio_pci_generic");
    return fake::KernelState::from(host);
}

fake::KernelState pf_with_vfs_wanted() {
    fake::Host host;
    host.pci(kOne[0]).nic().group(15).driver("igb").pf(8, 0);
    fake::KernelState world = fake::KernelState::from(host);
    world.faults.late_vfs = 1;
    return world;
}

policy::Plan want_vfs(TestHost& fixture) {
    policy::Change change = fixture.change(kOne[0], {});
    change.set_vfs = 4;
    return fixture.make_plan({change});
}

void bind_one(TestHost& fixture) {
    fixture.apply(fixture.plan(kOne, {"vfio-pci"}));
}

void bind_three(TestHost& fixture) {
    fixture.apply(fixture.plan(kThree, {"vfio-pci"}));
}

/// The release that a user would ask for next; what is only in flight is undone by its recovery.
void release_one(TestHost& fixture) {
    if (fixture.journal_state().bound.contains(pci_id(kOne[0])) ||
        !fixture.journal_state().in_flight.empty())
        fixture.release(kOne);
}

const std::vector<Scenario> kScenarios = {
    {"a single device", one_nic, nullptr, [](TestHost& s) { return s.plan(kOne, {"vfio-pci"}); },
     apply_nothing},
    {"a single device, then release", one_nic, nullptr,
     [](TestHost& s) { return s.plan(kOne, {"vfio-pci"}); }, release_one},
    {"a group of three", group_of_three, nullptr,
     [](TestHost& s) { return s.plan(kThree, {"vfio-pci"}); }, apply_nothing},
    {"a chain that falls back", chain_world, nullptr,
     [](TestHost& s) {
         return s.plan(kOne, {"mlx5_vfio_pci", "vfio-pci"});
     },
     apply_nothing},
    {"a rollback under way", last_fails, nullptr,
     [](TestHost& s) { return s.plan(kThree, {"vfio-pci"}); }, apply_nothing},
    {"a release", one_nic, bind_one, [](TestHost& s) { return s.release_plan(kOne); },
     apply_nothing},
    {"a release of a group", group_of_three, bind_three,
     [](TestHost& s) { return s.release_plan({kThree[0]}); }, apply_nothing},
    {"a release to a foreign override", foreign_override, bind_one,
     [](TestHost& s) { return s.release_plan(kOne); }, apply_nothing},
    {"a number of VFs", pf_with_vfs_wanted, nullptr, want_vfs, apply_nothing},
};

/// How a host stands, and what the journal says is ours on it: the two must agree.
struct State {
    DriverStates states;
    std::set<std::string> ours;
    bool operator==(const State&) const = default;
};

State state_of(TestHost& fixture) {
    State state{fixture.driver_states(), {}};
    for (const auto& [id, bound] : fixture.journal_state().bound)
        state.ours.insert(id.name + " on " + bound.driver + ", was on " +
                          bound.before_driver.value_or("-"));
    return state;
}

std::string show(const State& state) {
    return ::testing::PrintToString(state.states) +
           "\nours: " + ::testing::PrintToString(state.ours);
}

struct Ends {
    State before;
    State after;
};

/// Both ends of an undisturbed run.
Ends ends_of(const Scenario& scenario) {
    TestHost fixture(scenario.world());
    if (scenario.before)
        scenario.before(fixture);
    const State before = state_of(fixture);
    fixture.apply(scenario.plan(fixture));
    return {before, state_of(fixture)};
}

/// Was the moment reached at all? When it is not, the sweep has come to its end.
bool crash_at(TestHost& fixture, unsigned moment, KillScope death,
              const std::function<void()>& run) {
    unsigned now = 0;
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
                                                             << show(state) << "\nbefore:\n"
                                                             << show(ends.before) << "\nafter:\n"
                                                             << show(ends.after);
    EXPECT_TRUE(fixture.journal_state().in_flight.empty()) << where;
}

class Crash : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Crash, OfEverythingAtAnyMomentEndsOldOrNew) {
    const Scenario& scenario = kScenarios.at(GetParam());
    const auto ends = ends_of(scenario);
    unsigned moment = 1;
    for (bool reached = true; reached; ++moment) {
        TestHost fixture(scenario.world());
        if (scenario.before)
            scenario.before(fixture);
        const policy::Plan plan = scenario.plan(fixture);
        reached = crash_at(fixture, moment, KillScope::kProcessGroup, [&] { fixture.apply(plan); });
        scenario.next(fixture);
        const Ends allowed = scenario.next == release_one ? Ends{ends.before, ends.before} : ends;
        expect_whole(fixture, allowed,
                     std::string(scenario.name) + ", moment " + std::to_string(moment));
        if (HasFailure())
            return;
    }
    EXPECT_GT(moment, 20U);
}

TEST_P(Crash, OfTheWorkerAtAnyMomentEndsOldOrNewAtOnce) {
    const Scenario& scenario = kScenarios.at(GetParam());
    const auto ends = ends_of(scenario);
    // The parent opens the journal first; only what comes after is the worker's.
    for (unsigned moment = 1;; ++moment) {
        TestHost fixture(scenario.world());
        if (scenario.before)
            scenario.before(fixture);
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
    const Scenario& scenario = kScenarios.at(GetParam());
    const auto ends = ends_of(scenario);
    bool reached = true;
    for (unsigned moment = 1; reached; moment += 3) {
        TestHost fixture(scenario.world());
        if (scenario.before)
            scenario.before(fixture);
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
    const Scenario& scenario = kScenarios.at(GetParam());
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
            TestHost fixture(scenario.world());
            if (scenario.before)
                scenario.before(fixture);
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

INSTANTIATE_TEST_SUITE_P(AtEveryMoment, Crash, ::testing::Range(std::size_t{0}, kScenarios.size()));

/// After a crash and its recovery everything still works: bind, and back.
TEST(CrashRecovery, IsNoneForTheNextBindAndRelease) {
    for (unsigned moment = 1; moment < 30; moment += 3) {
        TestHost fixture(one_nic());
        const DriverStates before = fixture.driver_states();
        const policy::Plan plan = fixture.plan(kOne, {"vfio-pci"});
        crash_at(fixture, moment, KillScope::kProcessGroup, [&] { fixture.apply(plan); });
        fixture.recover();
        if (!fixture.journal_state().bound.contains(pci_id(kOne[0])))
            bind_one(fixture);
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
