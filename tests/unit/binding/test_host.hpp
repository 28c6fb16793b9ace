// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "binding/codec/managed_device.hpp"
#include "binding/journal/journal.hpp"
#include "binding/transaction/apply.hpp"
#include "policy/plan/plan.hpp"
#include "tests/fake/fake_kernel.hpp"
#include "tests/fake/temp_dir.hpp"

namespace binding {

using fake::pci_id;

/// Driver and override of one device, as a test compares them.
struct DriverState {
    std::optional<std::string> driver;
    std::optional<std::string> driver_override;
    auto operator<=>(const DriverState&) const = default;
};
std::ostream& operator<<(std::ostream& out, const DriverState& state);
using DriverStates = std::map<std::string, DriverState>;  ///< by device name

/// A made-up machine with a kernel, a state directory and the options of a run.
class TestHost {
  public:
    explicit TestHost(const fake::KernelState& world);

    [[nodiscard]] fake::FakeKernel& kernel() { return kernel_; }
    [[nodiscard]] const StateDir& state() const { return state_; }
    [[nodiscard]] ApplyOptions& options() { return options_; }
    [[nodiscard]] const std::string& path() const { return dir_.path(); }

    /// A plan to bring these devices, all of one group, to the first of these drivers that takes
    /// them.
    [[nodiscard]] policy::Plan plan(const std::vector<std::string>& devices,
                                    const std::vector<std::string>& drivers);
    [[nodiscard]] policy::Plan make_plan(std::vector<policy::Change> changes);
    [[nodiscard]] policy::Change change(const std::string& device,
                                        const std::vector<std::string>& drivers);
    /// apply(); a failure of the whole ends the test.
    policy::Plan apply(policy::Plan plan);
    [[nodiscard]] policy::Plan release_plan(const std::vector<std::string>& devices);
    policy::Plan release(const std::vector<std::string>& devices);
    void recover();

    /// Moments that have passed, as fake::FaultPlan counts them.
    [[nodiscard]] unsigned moments() const;
    /// A letter for each: w for a write to disk, s for a sync.
    [[nodiscard]] std::string moment_kinds() const;
    /// From that moment on every write to disk fails with ENOSPC, the first half way; 0: none does.
    void fill_disk_at(unsigned moment) { full_at_ = moment; }
    [[nodiscard]] DriverStates driver_states();
    [[nodiscard]] JournalState journal_state();
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
    /// Every file of the state directory with its time and size.
    [[nodiscard]] std::string state_files() const;

    /// Runs in a process group of its own; true when it came to its end.
    [[nodiscard]] static bool survives(const std::function<void()>& run);

  private:
    [[nodiscard]] int on_disk_write(const char* what);

    fake::TempDir dir_;
    StateDir state_;
    fake::FakeKernel kernel_;
    ApplyOptions options_;
    std::vector<std::string> warnings_;
    unsigned full_at_ = 0;
};

/// "op device value result[: error]" per step.
[[nodiscard]] std::vector<std::string> words(const std::vector<policy::Step>& steps);

/// One nic alone in group 15, on e1000e; vfio_pci not yet loaded.
[[nodiscard]] fake::KernelState one_nic();
/// Three functions of one chip in group 7: a smbus, an ahci with a foreign override, an audio
/// unbound.
[[nodiscard]] fake::KernelState group_of_three();

}  // namespace binding
