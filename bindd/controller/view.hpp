// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "binding/codec/codec.hpp"
#include "binding/journal/journal_state.hpp"
#include "binding/report/device_report.hpp"
#include "policy/plan/plan.hpp"
#include "policy/yaml/parse_policy.hpp"
#include "sysfs/usage/usage.hpp"

namespace bindd {

/// The daemon's picture of the host and what follows from it, as of the last look; a value without
/// I/O. Decisions point into `policies`: the view is moved as a whole, never copied.
struct View {
    View() = default;
    View(View&&) = default;
    View& operator=(View&&) = default;
    View(const View&) = delete;
    View& operator=(const View&) = delete;
    ~View() = default;

    policy::PolicySet policies;
    std::vector<policy::SourceFile> sources;  ///< their files, as they were read
    sysfs::Inventory inventory;
    sysfs::Drivers drivers;
    sysfs::Usage usage;
    policy::Decisions decisions;
    policy::Plan plan;
    std::map<sysfs::DeviceId, std::size_t> transaction_of;  ///< index into the plan
    binding::JournalState journal_state;                    ///< what is ours
    binding::LatestHistory latest;                          ///< what was last done to a device
    std::vector<std::string> warnings;  ///< of the last whole look, a sentence each

    [[nodiscard]] const policy::Decision* decision(const sysfs::DeviceId& id) const;
    [[nodiscard]] const policy::Transaction* transaction(const sysfs::DeviceId& id) const;
    /// What `vfioctl list` would say of it without a daemon.
    [[nodiscard]] binding::DeviceState state(const sysfs::Device& device) const;

    /// What a group is called where it is kept track of: "group 15", or a device's own name when it
    /// is in none. A transaction's is that of its devices, also where it leaves their driver alone
    /// and so names no group.
    [[nodiscard]] std::string group_key(const sysfs::DeviceId& id) const;
    [[nodiscard]] std::string group_key(const policy::Transaction& transaction) const;
    /// The devices that are there by that key.
    [[nodiscard]] std::vector<sysfs::DeviceId> members(const std::string& key) const;

    /// What a look brought: the whole host, or some devices of it. `asked` are those that were
    /// looked for; one that was not found is gone.
    struct ScanResult {
        std::vector<sysfs::Device> devices;
        binding::HostContext context;
        std::optional<sysfs::Drivers> drivers;
    };
    struct Difference {
        std::set<sysfs::DeviceId> appeared;
        std::set<sysfs::DeviceId> changed;
        std::set<sysfs::DeviceId> vanished;
    };
    /// `kept`: devices that a whole look left out.
    Difference apply_full_scan(ScanResult scan, const std::set<sysfs::DeviceId>& kept);
    Difference apply_partial_scan(ScanResult scan, const std::vector<sysfs::DeviceId>& asked);

    /// Policies on inventory: what is wanted.
    void decide();
    /// From decisions and usage to the plan.
    void make_plan();
};

}  // namespace bindd
