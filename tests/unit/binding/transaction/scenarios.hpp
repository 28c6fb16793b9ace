// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/binding/test_host.hpp"

namespace binding {

/// A transaction of each kind, for the sweeps that disturb it: at every moment, in every way.
struct Scenario {
    const char* name;
    std::function<fake::KernelState()> world;
    std::function<void(TestHost&)> before;  ///< run undisturbed first
    std::function<policy::Plan(TestHost&)> plan;
};

[[nodiscard]] const std::vector<Scenario>& scenarios();

/// A host with the scenario's world, after what is run first.
[[nodiscard]] std::unique_ptr<TestHost> prepare(const Scenario& scenario);

/// How a host stands, and what the journal says is ours on it: the two must agree.
struct State {
    DriverStates states;
    std::map<std::string, std::string> configured;  ///< by device: VFs, types, attributes, access
    std::map<std::string, std::string> ours;        ///< by device: driver, and the one before it
    std::map<std::string, std::string> parents;     ///< a VF's PF, an mdev's parent

    /// Without the device and what hangs on it.
    [[nodiscard]] State without(const std::string& device) const;
    bool operator==(const State&) const = default;
};
std::ostream& operator<<(std::ostream& out, const State& state);

[[nodiscard]] State state_of(TestHost& fixture);

/// Both ends of an undisturbed run.
struct Ends {
    State before;
    State after;
    unsigned writes = 0;  ///< to the kernel, by the run
};
[[nodiscard]] Ends ends_of(const Scenario& scenario);

}  // namespace binding
