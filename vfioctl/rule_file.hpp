// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "policy/model.hpp"
#include "sysfs/root.hpp"
#include "vfioctl/failure.hpp"

namespace vfioctl {

/// The file that `bind --persist` keeps: /etc/bindd/policies.d/90-vfioctl.yaml below `root`. It is read before
/// anything is done, so that a broken one is found while nothing has happened yet, and written, whole and
/// atomically, after all is done.
class RuleFile {
  public:
    /// Absent: an empty one. One that does not parse: its diagnostics.
    [[nodiscard]] static Outcome<RuleFile> read(const sysfs::Root& root);

    /// Takes the rule in, in place of one of the same name.
    void put(policy::Rule rule);
    /// Temporary file, fsync, rename, fsync of the directory.
    [[nodiscard]] Outcome<void> write() const;

    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
    policy::PolicySet set_;
};

}  // namespace vfioctl
