// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "binding/apply.hpp"
#include "binding/bound.hpp"
#include "binding/journal.hpp"
#include "policy/plan.hpp"
#include "tests/fake/fake_kernel.hpp"
#include "tests/fake/temp_dir.hpp"

namespace binding {

using fake::pci_id;

/// Driver and override of one device, as a test compares them.
struct Stands {
    std::optional<std::string> driver;
    std::optional<std::string> driver_override;
    auto operator<=>(const Stands&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Stands& stands);
using Picture = std::map<std::string, Stands>;  ///< by device name

/// A made-up machine with a kernel, a state directory and the options of a run.
class Stand {
  public:
    explicit Stand(const fake::World& world);

    [[nodiscard]] fake::FakeKernel& kernel() { return kernel_; }
    [[nodiscard]] const StateDir& state() const { return state_; }
    [[nodiscard]] ApplyOptions& options() { return options_; }
    [[nodiscard]] const std::string& path() const { return dir_.path(); }

    /// A plan to bring these devices, all of one group, to the first of these drivers that takes them.
    [[nodiscard]] policy::Plan plan(const std::vector<std::string>& devices,
                                    const std::vector<std::string>& drivers);
    [[nodiscard]] policy::Plan plan_of(std::vector<policy::Change> changes);
    [[nodiscard]] policy::Change change(const std::string& device,
                                        const std::vector<std::string>& drivers);
    /// apply(); a failure of the whole ends the test.
    policy::Plan apply(policy::Plan plan);
    [[nodiscard]] policy::Plan release_plan(const std::vector<std::string>& devices);
    policy::Plan release(const std::vector<std::string>& devices);
    void recover();

    /// Moments that have passed, as fake::Script counts them.
    [[nodiscard]] unsigned moments() const;
    [[nodiscard]] Picture picture();
    [[nodiscard]] Ledger ledger();
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
    /// Every file of the state directory with its time and size.
    [[nodiscard]] std::string state_files() const;

    /// Runs in a process group of its own; true when it came to its end.
    [[nodiscard]] static bool survives(const std::function<void()>& run);

  private:
    fake::TempDir dir_;
    StateDir state_;
    fake::FakeKernel kernel_;
    ApplyOptions options_;
    std::vector<std::string> warnings_;
};

/// "op device value result[: error]" per step.
[[nodiscard]] std::vector<std::string> words(const std::vector<policy::Step>& steps);

/// One nic alone in group 15, on e1000e; vfio_pci not yet loaded.
[[nodiscard]] fake::World one_nic();
/// Three functions of one chip in group 7: a smbus, an ahci with a foreign override, an audio unbound.
[[nodiscard]] fake::World group_of_three();

}  // namespace binding
