// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>

#include "base/unique_fd.hpp"
#include "bindd/bus/authority.hpp"
#include "bindd/bus/method_options.hpp"
#include "bindd/bus/object_path.hpp"
#include "bindd/loop/controller_runner.hpp"

namespace bindd {

/// Snapshots of the host for vfioctl, which makes its decisions on one as it would on the host. A
/// snapshot is a sealed memory file: with thousands of devices it is megabytes, too much for a
/// message.
class SnapshotFiles {
  public:
    SnapshotFiles(ControllerRunner& controller, Authority& authority, const DevicePaths& paths)
        : controller_(controller), authority_(authority), paths_(paths) {}

    /// Needs no permission: `vfioctl plan` shows the same facts.
    void create(const Caller& caller, MethodOptions options, BusCallback<base::UniqueFd> callback);

  private:
    ControllerRunner& controller_;
    Authority& authority_;
    const DevicePaths& paths_;
};

}  // namespace bindd
