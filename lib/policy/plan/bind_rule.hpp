// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "policy/plan/plan.hpp"

namespace policy {

/// What someone asks for by hand of a device: `vfioctl bind` and the bus alike.
struct BindOptions {
    DriverAction driver{.kind = DriverAction::ActionKind::kChain, .chain = {Candidate{}}};
    GroupSelection::SelectionKind group = GroupSelection::SelectionKind::kStrict;
    ForcedReasons forced;
};

/// A match that holds for this device alone: its address together with who it is, so that another
/// card which gets the address later is not taken for it.
[[nodiscard]] Match exact_match(const sysfs::Device& device);

/// The rule for one device, named "bind-0000-01-00-0". Of the reasons that were forced only a
/// disk's signature is part of it: it stays, while the others are of this moment and must be asked
/// again.
[[nodiscard]] Rule make_bind_rule(const sysfs::Device& device, const BindOptions& spec);

/// What looking at the drivers must bring for this spec: those it names.
[[nodiscard]] sysfs::ScanOptions required_facts(const DriverAction& spec);

}  // namespace policy
