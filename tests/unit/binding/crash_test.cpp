// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>
#include <set>

#include "tests/unit/binding/stand.hpp"

/// kill -9 at every moment: before and after each write to the kernel and to the journal, the whole
/// process group or the worker alone. Whatever the moment, the next run ends in the old state or the
/// new, overrides included, and the journal has nothing under way.
namespace binding {
namespace {

using fake::Death;

struct Scenario {
    const char* name;
    std::function<fake::World()> world;
    std::function<void(Stand&)> before;  ///< run undisturbed first
    std::function<policy::Plan(Stand&)> plan;
    void (*next)(Stand&);                ///< the run that comes after the crash
};

void apply_nothing(Stand& stand) {
    stand.apply({});
}

const std::vector<std::string> kThree = {"0000:00:1f.2", "0000:00:1f.3", "0000:00:1f.4"};
const std::vector<std::string> kOne = {"0000:01:00.0"};

fake::World chain_world() {
    fake::World world = one_nic();
    world.module_brings("mlx5_vfio_pci", "mlx5_vfio_pci", {});
    world.refuse(pci_id(kOne[0]), "mlx5_vfio_pci", ENODEV);
    return world;
}

fake::World last_fails() {
    fake::World world = group_of_three();
    world.refuse(pci_id(kThree[2]), "vfio-pci", EIO);
    return world;
}

fake::World foreign_override() {
    fake::Host host;
    host.pci(kOne[0]).nic().group(15).driver("e1000e").override_("uio_pci_generic");
    return fake::World::of(host);
}

fake::World pf_with_vfs_wanted() {
    fake::Host host;
    host.pci(kOne[0]).nic().group(15).driver("igb").pf(8, 0);
    fake::World world = fake::World::of(host);
    world.script.late_vfs = 1;
    return world;
}

policy::Plan want_vfs(Stand& stand) {
    policy::Change change = stand.change(kOne[0], {});
    change.set_vfs = 4;
    return stand.plan_of({change});
}

void bind_one(Stand& stand) {
    stand.apply(stand.plan(kOne, {"vfio-pci"}));
}

void bind_three(Stand& stand) {
    stand.apply(stand.plan(kThree, {"vfio-pci"}));
}

/// The release that a user would ask for next; what is only in flight is undone by its recovery.
void release_one(Stand& stand) {
    if (stand.ledger().bound.contains(pci_id(kOne[0])) || !stand.ledger().in_flight.empty())
        stand.release(kOne);
}

const std::vector<Scenario> kScenarios = {
    {"a single device", one_nic, nullptr, [](Stand& s) { return s.plan(kOne, {"vfio-pci"}); },
     apply_nothing},
    {"a single device, then release", one_nic, nullptr,
     [](Stand& s) { return s.plan(kOne, {"vfio-pci"}); }, release_one},
    {"a group of three", group_of_three, nullptr,
     [](Stand& s) { return s.plan(kThree, {"vfio-pci"}); }, apply_nothing},
    {"a chain that falls back", chain_world, nullptr,
     [](Stand& s) { return s.plan(kOne, {"mlx5_vfio_pci", "vfio-pci"}); }, apply_nothing},
    {"a rollback under way", last_fails, nullptr,
     [](Stand& s) { return s.plan(kThree, {"vfio-pci"}); }, apply_nothing},
    {"a release", one_nic, bind_one, [](Stand& s) { return s.release_plan(kOne); }, apply_nothing},
    {"a release of a group", group_of_three, bind_three,
     [](Stand& s) { return s.release_plan({kThree[0]}); }, apply_nothing},
    {"a release to a foreign override", foreign_override, bind_one,
     [](Stand& s) { return s.release_plan(kOne); }, apply_nothing},
    {"a number of VFs", pf_with_vfs_wanted, nullptr, want_vfs, apply_nothing},
};

/// How a host stands, and what the journal says is ours on it: the two must agree.
struct State {
    Picture picture;
    std::set<std::string> ours;
    bool operator==(const State&) const = default;
};

State state_of(Stand& stand) {
    State state{stand.picture(), {}};
    for (const auto& [id, bound] : stand.ledger().bound)
        state.ours.insert(id.name + " on " + bound.driver + ", was on " +
                          bound.before_driver.value_or("-"));
    return state;
}

std::string show(const State& state) {
    return ::testing::PrintToString(state.picture) + "\nours: " +
           ::testing::PrintToString(state.ours);
}

struct Ends {
    State before;
    State after;
};

/// Both ends of an undisturbed run.
Ends ends_of(const Scenario& scenario) {
    Stand stand(scenario.world());
    if (scenario.before)
        scenario.before(stand);
    const State before = state_of(stand);
    stand.apply(scenario.plan(stand));
    return {before, state_of(stand)};
}

/// Was the moment reached at all? When it is not, the sweep has come to its end.
bool crash_at(Stand& stand, unsigned moment, Death death, const std::function<void()>& run) {
    unsigned now = 0;
    stand.kernel().change([&](fake::World& world) {
        world.script.death = death;
        world.script.die_at = moment + stand.moments();
        now = world.script.die_at;
    });
    const bool survived = Stand::survives(run);
    const bool reached = stand.moments() >= now;
    stand.kernel().change([](fake::World& world) { world.script.die_at = 0; });
    EXPECT_TRUE(death == Death::kProcess || survived != reached);
    return reached;
}

void expect_whole(Stand& stand, const Ends& ends, const std::string& where) {
    const State state = state_of(stand);
    EXPECT_TRUE(state == ends.before || state == ends.after)
        << where << "\nstands:\n" << show(state) << "\nbefore:\n" << show(ends.before)
        << "\nafter:\n" << show(ends.after);
    EXPECT_TRUE(stand.ledger().in_flight.empty()) << where;
}

class Crash : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Crash, OfEverythingAtAnyMomentEndsOldOrNew) {
    const Scenario& scenario = kScenarios.at(GetParam());
    const auto ends = ends_of(scenario);
    unsigned moment = 1;
    for (bool reached = true; reached; ++moment) {
        Stand stand(scenario.world());
        if (scenario.before)
            scenario.before(stand);
        const policy::Plan plan = scenario.plan(stand);
        reached = crash_at(stand, moment, Death::kProcessGroup, [&] { stand.apply(plan); });
        scenario.next(stand);
        const Ends allowed = scenario.next == release_one ? Ends{ends.before, ends.before} : ends;
        expect_whole(stand, allowed,
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
        Stand stand(scenario.world());
        if (scenario.before)
            scenario.before(stand);
        const policy::Plan plan = scenario.plan(stand);
        const bool reached = crash_at(stand, moment, Death::kProcess, [&] { stand.apply(plan); });
        if (stand.ledger().in_flight.empty())
            expect_whole(stand, ends, std::string(scenario.name) + ", moment " + std::to_string(moment));
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
        Stand stand(scenario.world());
        if (scenario.before)
            scenario.before(stand);
        const policy::Plan plan = scenario.plan(stand);
        reached = crash_at(stand, moment, Death::kParent, [&] { stand.apply(plan); });
        stand.apply({});
        expect_whole(stand, ends,
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
    const bool long_one = ends.before.picture.size() > 1;
    const unsigned first_stride = long_one ? 11 : 4;
    const unsigned second_stride = long_one ? 7 : 3;
    bool first_reached = true;
    for (unsigned first = 1; first_reached; first += first_stride) {
        bool second_reached = true;
        for (unsigned second = 1 + first % second_stride; second_reached && first_reached;
             second += second_stride) {
            Stand stand(scenario.world());
            if (scenario.before)
                scenario.before(stand);
            const policy::Plan plan = scenario.plan(stand);
            first_reached =
                crash_at(stand, first, Death::kProcessGroup, [&] { stand.apply(plan); });
            second_reached =
                crash_at(stand, second, Death::kProcessGroup, [&] { stand.apply({}); });
            stand.apply({});
            expect_whole(stand, ends,
                         std::string(scenario.name) + ", moments " + std::to_string(first) +
                             " and " + std::to_string(second));
            if (HasFailure())
                return;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(AtEveryMoment, Crash, ::testing::Range(std::size_t{0}, kScenarios.size()));

/// After a crash and its recovery everything still works: bind, and back.
TEST(CrashAftermath, IsNoneForTheNextBindAndRelease) {
    for (unsigned moment = 1; moment < 30; moment += 3) {
        Stand stand(one_nic());
        const Picture before = stand.picture();
        const policy::Plan plan = stand.plan(kOne, {"vfio-pci"});
        crash_at(stand, moment, Death::kProcessGroup, [&] { stand.apply(plan); });
        stand.recover();
        if (!stand.ledger().bound.contains(pci_id(kOne[0])))
            bind_one(stand);
        EXPECT_EQ(stand.picture(), (Picture{{kOne[0], {"vfio-pci", "vfio-pci"}}}));
        stand.release(kOne);
        EXPECT_EQ(stand.picture(), before);
    }
}

/// Of a group whose transaction was killed half way some members stood as wanted, so a plan made from that
/// had only the others in it; carried out after the recovery it took part of a group.
TEST(CrashAftermath, MakesThePlanThatWasMadeBeforeRecoveryWorthNothing) {
    Stand stand(group_of_three());
    const Picture before = stand.picture();
    const policy::Plan plan = stand.plan(kThree, {"vfio-pci"});
    unsigned moment = 20;
    const auto half_bound = [&] {
        const Picture now = stand.picture();
        return now.at(kThree[0]).driver == "vfio-pci" && now.at(kThree[2]).driver != "vfio-pci";
    };
    while (!half_bound()) {
        stand.recover();
        ASSERT_TRUE(crash_at(stand, ++moment, Death::kProcessGroup, [&] { stand.apply(plan); }));
    }
    const policy::Plan done = stand.apply(stand.plan({kThree[2]}, {"vfio-pci"}));
    EXPECT_EQ(done.transactions[0].error,
              kThree[0] + ": an interrupted transaction was undone after this was planned; plan again");
    EXPECT_EQ(stand.picture(), before);
    EXPECT_EQ(stand.apply(plan).transactions[0].result, policy::StepResult::kDone);
}

}  // namespace
}  // namespace binding
