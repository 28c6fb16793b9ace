// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <span>
#include <string>

#include "sysfs/device/device.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// Which VF of which PF a device is, as the PFs tell it: asking the PF anew for each of its VFs
/// would grow with their square.
class VfIndexTable {
  public:
    /// From the PFs among `devices`.
    explicit VfIndexTable(std::span<const Device> devices);
    /// From those and, for VFs that came without theirs, from the host.
    [[nodiscard]] static VfIndexTable read(const Root& root, std::span<const Device> devices);
    /// A VF that its PF does not list is on its way in or out: no VF that a rule could mean.
    void apply_to(std::span<Device> devices) const;

  private:
    void read_absent_pfs(const Root& root, std::span<const Device> devices);
    void add(const std::string& pf, const SriovPf& sriov);

    std::map<std::string, SriovVf> vfs_;  ///< by the VF's name
};

}  // namespace sysfs
