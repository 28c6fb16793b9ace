// SPDX-License-Identifier: LGPL-2.1-or-later
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <numeric>

#include "sysfs/device/group.hpp"
#include "tests/fake/kernel_rules.hpp"
#include "tests/unit/binding/transaction/scenarios.hpp"

/// Every step of a transaction of every kind, disturbed in every way. When the disturbance is over
/// and the next run has begun, the transaction is done or undone as a whole, and nothing is in
/// flight. What another program or an unplugged device has changed stays as it was left; everything
/// else is in the old state or the new.
namespace binding {
namespace {

using fake::KernelState;
using sysfs::DeviceId;
using Moment = fake::FakeKernel::Moment;
using Pairs = std::vector<DriverState>;

constexpr const char* kForeign = "uio_pci_generic";
constexpr std::chrono::milliseconds kHangTimeout{100};
constexpr unsigned kUndoWrites = 40;  ///< more than any undo makes

enum class Fault { kFails, kHangs, kDies, kVanishes, kInterferes, kDiskFull, kReadOnly };
constexpr std::array kFaultNames = {"fails",      "hangs",     "dies",     "vanishes",
                                    "interferes", "disk full", "read-only"};
using Counts = std::array<unsigned, kFaultNames.size()>;

/// What another program does to a device, or what happens to it. `may_leave`: its driver and
/// override afterwards, given both ends, when they are neither end's.
struct Incident {
    enum class Touches { kOverride, kDevice };
    Fault fault;
    const char* what;
    Touches touches;
    void (*happens)(KernelState& world, const DeviceId& id);
    Pairs (*may_leave)(const DriverState& old, const DriverState& now);
};

/// Unplugged and plugged in again: as it comes, without an override and VFs.
void replug(KernelState& world, const DeviceId& id) {
    sysfs::Device device = world.devices.at(id);
    fake::unplug(world, id);
    if (device.sriov)
        device.sriov = sysfs::SriovPf{.total = device.sriov->total,
                                      .enabled = 0,
                                      .autoprobe = true,
                                      .offset = device.sriov->offset,
                                      .stride = device.sriov->stride,
                                      .vfs = {}};
    fake::plug(world, std::move(device));
}

void replace(KernelState& world, const DeviceId& id) {
    replug(world, id);
    sysfs::Device& other = world.devices.at(id);
    other.ids.device = static_cast<std::uint16_t>(other.ids.device.value_or(0) + 0x100);
    other.modalias += "other";
}

void set_foreign_override(KernelState& world, const DeviceId& id) {
    (void)fake::set_override(world, world.devices.at(id), kForeign);
}

void clear_override(KernelState& world, const DeviceId& id) {
    (void)fake::set_override(world, world.devices.at(id), "");
}

void unbind(KernelState& world, const DeviceId& id) {
    if (sysfs::Device& device = world.devices.at(id); device.driver)
        fake::finish_unbind(world, device);
}

void take(KernelState& world, const DeviceId& id) {
    unbind(world, id);
    set_foreign_override(world, id);
    world.devices.at(id).driver = kForeign;
}

/// It comes without an override, on a native driver or none; the old override may be put back.
Pairs as_plugged(const DriverState& old, const DriverState&) {
    return {{"e1000e", {}},           {"igb", {}}, {"ahci", {}},
            {"i801_smbus", {}},       {{}, {}},    {old.driver, {}},
            {{}, old.driver_override}};
}

const std::vector<Incident> kIncidents = {
    {Fault::kVanishes, "is unplugged", Incident::Touches::kDevice, fake::unplug,
     [](const DriverState&, const DriverState&) { return Pairs{}; }},
    {Fault::kVanishes, "is plugged in anew", Incident::Touches::kDevice, replug, as_plugged},
    {Fault::kVanishes, "is replaced", Incident::Touches::kDevice, replace, as_plugged},
    {Fault::kInterferes, "gets a foreign override", Incident::Touches::kOverride,
     set_foreign_override,
     [](const DriverState& old, const DriverState& now) {
         return Pairs{{old.driver, kForeign}, {now.driver, kForeign}};
     }},
    {Fault::kInterferes, "loses its override", Incident::Touches::kOverride, clear_override,
     [](const DriverState& old, const DriverState& now) {
         return Pairs{{old.driver, {}}, {now.driver, {}}};
     }},
    {Fault::kInterferes, "is unbound", Incident::Touches::kDevice, unbind,
     [](const DriverState& old, const DriverState& now) {
         return Pairs{{{}, old.driver_override}, {{}, now.driver_override}};
     }},
    {Fault::kInterferes, "is taken by another driver", Incident::Touches::kDevice, take,
     [](const DriverState& old, const DriverState& now) {
         // The host's override may come back; never the one that keeps the device ours.
         Pairs pairs{{kForeign, kForeign}};
         for (const auto& override_ : {old.driver_override, now.driver_override})
             if (!override_ || !sysfs::is_vfio_driver(*override_))
                 pairs.push_back({kForeign, override_});
         if (pairs.size() == 1)  // one of our drivers in place of another
             pairs.push_back({kForeign, {}});
         return pairs;
     }},
};

/// One run that is disturbed.
struct Disturbance {
    Fault fault;
    std::string what;
    std::function<void(TestHost&)> begin;
    const Incident* incident = nullptr;
    DeviceId device = {};
};

std::vector<DeviceId> devices_of(const policy::Plan& plan) {
    std::vector<DeviceId> all;
    for (const policy::Change& change : plan.transactions.at(0).changes) {
        all.push_back(change.target.id);
        for (const auto* mdevs : {&change.mdevs, &change.mdevs_to_stop})
            for (const policy::MdevSpec& mdev : *mdevs)
                all.push_back({"mdev", mdev.uuid.value_or("")});
    }
    if (all.size() > 2)
        all.erase(all.begin() + 1, all.end() - 1);
    return all;
}

class Sweep {
  public:
    explicit Sweep(const Scenario& scenario) : scenario_(scenario), ends_(ends_of(scenario)) {
        const auto host = prepare(scenario);
        devices_ = devices_of(scenario.plan(*host));
        first_ = host->kernel().state().writes + 1;
        first_moment_ = host->moments();
    }

    Counts run() {
        for (unsigned step = first_; step < first_ + ends_.writes; ++step) {
            errors(step);
            deaths(step);
            incidents(step);
        }
        full_disks();
        return counts_;
    }

  private:
    static std::string at(const char* what, unsigned step) {
        return std::string(what) + " at step " + std::to_string(step);
    }

    void errors(unsigned step) {
        for (const int errnum : {EIO, EBUSY})
            disturb({Fault::kFails, at(std::strerror(errnum), step), [=](TestHost& fixture) {
                         set(fixture,
                             [=](KernelState& world) { world.faults.fail[step] = errnum; });
                     }});
        disturb({Fault::kHangs, at("hangs", step), [=](TestHost& fixture) {
                     fixture.options().timeout = kHangTimeout;
                     set(fixture, [=](KernelState& world) { world.faults.hang = {step}; });
                 }});
        disturb({Fault::kReadOnly, at("read-only from there", step), [=](TestHost& fixture) {
                     set(fixture, [=](KernelState& world) {
                         for (unsigned next = step; next < step + kUndoWrites; ++next)
                             world.faults.fail[next] = EROFS;
                     });
                 }});
    }

    static void set(TestHost& fixture, const std::function<void(KernelState&)>& change) {
        fixture.kernel().change(change);
    }

    void deaths(unsigned step) {
        for (const Moment when : {Moment::kBefore, Moment::kAfter})
            disturb({Fault::kDies, at(when == Moment::kBefore ? "dies" : "dies after it", step),
                     [=](TestHost& fixture) {
                         fixture.kernel().on_write = [=](unsigned now, Moment moment,
                                                         KernelState&) {
                             if (now == step && moment == when)
                                 ::kill(::getpid(), SIGKILL);
                         };
                     }});
    }

    /// The devices of a group take turns.
    void incidents(unsigned step) {
        for (std::size_t at = 0; at < kIncidents.size(); ++at)
            for (const Moment when : {Moment::kBefore, Moment::kAfter})
                disturb_by(kIncidents[at], devices_[(step + at) % devices_.size()], step, when);
    }

    void disturb_by(const Incident& incident, const DeviceId& device, unsigned step, Moment when) {
        const auto at_its_time = [=, &incident](unsigned now, Moment moment, KernelState& world) {
            if (now == step && moment == when && world.devices.contains(device))
                incident.happens(world, device);
        };
        disturb({incident.fault,
                 device.name + " " + incident.what +
                     (when == Moment::kBefore ? at(" before it", step) : at("", step)),
                 [=](TestHost& fixture) { fixture.kernel().on_write = at_its_time; }, &incident,
                 device});
    }

    /// Full from a write or a sync of the journal on, until the run has ended.
    void full_disks() {
        const auto host = prepare(scenario_);
        host->apply(scenario_.plan(*host));
        const std::string kinds = host->moment_kinds();
        for (unsigned moment = first_moment_ + 1; moment <= kinds.size(); ++moment)
            if (kinds[moment - 1] == 'w' || kinds[moment - 1] == 's')
                disturb({Fault::kDiskFull, at("disk full from moment", moment),
                         [=](TestHost& fixture) { fixture.fill_disk_at(moment); }});
    }

    void disturb(const Disturbance& disturbance) {
        if (::testing::Test::HasFailure())
            return;
        const auto host = prepare(scenario_);
        const policy::Plan plan = scenario_.plan(*host);
        const auto timeout = host->options().timeout;
        disturbance.begin(*host);
        // Its result is a matter of the other tests; what counts here is how the host stands.
        (void)binding::apply(host->kernel(), host->state(), plan, host->options());
        host->options().timeout = timeout;
        host->fill_disk_at(0);
        host->kernel().on_write = nullptr;
        host->kernel().change([](KernelState& world) {
            world.faults.fail.clear();
            world.faults.hang.clear();
        });
        host->recover();
        ++counts_.at(static_cast<std::size_t>(disturbance.fault));
        const State now = state_of(*host);
        EXPECT_TRUE(is_whole(now, disturbance))
            << scenario_.name << ": " << disturbance.what << "\nstands:\n"
            << now << "\nbefore:\n"
            << ends_.before << "\nafter:\n"
            << ends_.after;
        EXPECT_TRUE(host->journal_state().in_flight.empty())
            << scenario_.name << ": " << disturbance.what;
    }

    [[nodiscard]] bool is_whole(State now, const Disturbance& disturbance) const {
        if (disturbance.incident == nullptr)
            return now == ends_.before || now == ends_.after;
        const std::string& name = disturbance.device.name;
        const auto device = now.states.find(name);
        const auto allowed =
            disturbance.incident->may_leave(pair(ends_.before, name), pair(ends_.after, name));
        for (const State* end : {&ends_.before, &ends_.after}) {
            const DriverState ended = pair(*end, name);
            const bool left =
                device == now.states.end() || device->second == ended ||
                std::find(allowed.begin(), allowed.end(), device->second) != allowed.end();
            State other = now;
            if (device != now.states.end())
                other.states[name] = ended;
            const bool rest = disturbance.incident->touches == Incident::Touches::kOverride
                                  ? other == *end
                                  : now.without(name) == end->without(name);
            if (left && rest)
                return true;
        }
        return false;
    }
    static DriverState pair(const State& state, const std::string& name) {
        const auto at = state.states.find(name);
        return at == state.states.end() ? DriverState{} : at->second;
    }

    const Scenario& scenario_;
    Ends ends_;
    std::vector<DeviceId> devices_;
    unsigned first_ = 0;
    unsigned first_moment_ = 0;
    Counts counts_{};
};

class FaultSweep : public ::testing::TestWithParam<std::size_t> {
  public:
    static void SetUpTestSuite() {
        std::printf("%-34s", "cases");
        for (const char* name : kFaultNames)
            std::printf("%11s", name);
        std::printf("\n");
    }
    static void TearDownTestSuite() { print("all", total_); }

  protected:
    static void print(const char* name, const Counts& counts) {
        std::printf("%-34s", name);
        for (const unsigned count : counts)
            std::printf("%11u", count);
        std::printf("  = %u\n", std::accumulate(counts.begin(), counts.end(), 0U));
    }
    static Counts total_;
};
Counts FaultSweep::total_{};

TEST_P(FaultSweep, EndsOldOrNewWhateverHappensAtWhicheverStep) {
    const Scenario& scenario = scenarios().at(GetParam());
    const Counts counts = Sweep(scenario).run();
    for (std::size_t at = 0; at < counts.size(); ++at)
        total_.at(at) += counts.at(at);
    print(scenario.name, counts);
}

INSTANTIATE_TEST_SUITE_P(Of, FaultSweep, ::testing::Range(std::size_t{0}, scenarios().size()),
                         [](const auto& instance) {
                             std::string name = scenarios().at(instance.param).name;
                             std::erase_if(name, [](char c) { return c == ',' || c == '\''; });
                             std::replace(name.begin(), name.end(), ' ', '_');
                             return name;
                         });

}  // namespace
}  // namespace binding
