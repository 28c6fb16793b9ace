// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/parse.hpp"
#include "vfioctl/neighbours.hpp"
#include "vfioctl/world.hpp"

namespace vfioctl {

/// kSkip: it cannot be told on this host, or there is nothing to tell.
enum class Health { kOk, kWarn, kFail, kSkip };
[[nodiscard]] const char* health_name(Health health);

/// One thing that was looked at: how it stands, what shows it, and what would mend it (empty when nothing is
/// to be mended).
struct Finding {
    std::string id;
    Health health = Health::kSkip;
    std::string evidence;
    std::string remedy;
};

/// Whose modes and limits are told: this machine's, or a directory's, which has no device nodes.
struct Patient {
    const sysfs::Root& root;
    const World& world;
    const policy::Parsed& policies;
    const Neighbours& neighbours;

    /// Text of a file below the root, without white space at its end; absent: it cannot be read.
    [[nodiscard]] std::optional<std::string> text(const std::string& path) const;
    /// Devices that VFIO has, or that a rule wants for it.
    [[nodiscard]] std::vector<const sysfs::Device*> assignable() const;
    [[nodiscard]] const policy::Rule* rule(const sysfs::DeviceId& id) const;
};

/// Each part of the examination adds its findings, always the same ones in the same order.
using Findings = std::vector<Finding>;
void examine_iommu(const Patient& patient, Findings& findings);
void examine_isolation(const Patient& patient, Findings& findings);
void examine_kernel(const Patient& patient, Findings& findings);
void examine_limits(const Patient& patient, Findings& findings);
void examine_nodes(const Patient& patient, Findings& findings);
void examine_policies(const Patient& patient, Findings& findings);
void examine_devices(const Patient& patient, Findings& findings);
void examine_neighbours(const Patient& patient, Findings& findings);

/// "1 rule", "2 rules".
[[nodiscard]] std::string counted(std::size_t count, const std::string& what);
/// "a; b; c", and of more than a few "a; b; c; and 5 more".
[[nodiscard]] std::string listed(const std::vector<std::string>& items);

}  // namespace vfioctl
