// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "policy/model/policy_model.hpp"
#include "sysfs/host/root.hpp"
#include "vfioctl/context/failure.hpp"

namespace vfioctl {

/// The file that `bind --persist` keeps: /etc/bindd/policies.d/90-vfioctl.yaml below `root`. It is
/// read before anything is done, so that a broken one is found while nothing has happened yet, and
/// written, whole and atomically, after all is done.
class RuleFile {
  public:
    /// Absent: an empty one. One that does not parse: its diagnostics.
    [[nodiscard]] static CliResult<RuleFile> read(const sysfs::Root& root);

    /// Takes the rule in, in place of one of the same name.
    void add_or_replace(policy::Rule rule);
    /// Temporary file, fsync, rename, fsync of the directory.
    [[nodiscard]] CliResult<void> write() const;

    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
    policy::PolicySet set_;
};

}  // namespace vfioctl
