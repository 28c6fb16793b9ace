// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/model/policy_model.hpp"
#include "policy/yaml/source_file.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/host/root.hpp"
#include "sysfs/module/drivers.hpp"
#include "vfioctl/context/failure.hpp"

namespace vfioctl {

/// The file that `bind --persist` keeps: /etc/bindd/policies.d/90-vfioctl.yaml below `root`. It is
/// read before anything is done, so that a broken one is found while nothing has happened yet, and
/// written, whole and atomically, after all is done.
class RuleFile {
  public:
    /// Absent: an empty one. One that does not parse: its diagnostics.
    [[nodiscard]] static CliResult<RuleFile> read(const sysfs::Root& root);

    /// Takes the rule in, in place of the one that it has for the same device: under a name that no
    /// other file has, and with a priority above the rules of those that match the device.
    void add_or_replace(policy::Rule rule, const sysfs::Device& device,
                        const sysfs::Inventory& inventory);
    /// Takes the rule for the device out. False: there is none.
    bool remove(const sysfs::Device& device);
    /// Temporary file, fsync, rename, fsync of the directory; without rules there is no file. Fails
    /// with nothing written when the policies would be invalid with it, or when a rule of it would
    /// not be the one that decides.
    [[nodiscard]] CliResult<void> write(const sysfs::Inventory& inventory,
                                        const sysfs::Drivers& drivers) const;

    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    [[nodiscard]] CliResult<void> check(const std::string& text, const sysfs::Inventory& inventory,
                                        const sysfs::Drivers& drivers) const;

    std::string path_;
    policy::PolicySet set_;
    std::vector<policy::SourceFile> others_;  ///< the other policy files
    policy::PolicySet other_set_;
    std::map<sysfs::DeviceId, std::string> added_;  ///< the names of the rules
};

}  // namespace vfioctl
