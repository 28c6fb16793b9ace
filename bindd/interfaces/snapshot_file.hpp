// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>

#include "base/unique_fd.hpp"
#include "bindd/bus/authority.hpp"
#include "bindd/bus/method_options.hpp"
#include "bindd/bus/object_path.hpp"
#include "bindd/loop/controller_runner.hpp"

namespace bindd {

/// The daemon's picture of the host for vfioctl, which runs the same pure decisions on it as it
/// would on the host. A sealed memory file, since it is megabytes for thousands of devices, and a
/// bus is no place for those.
class SnapshotFiles {
  public:
    SnapshotFiles(ControllerRunner& controller, Authority& authority, const DevicePaths& paths)
        : controller_(controller), authority_(authority), paths_(paths) {}

    /// Everyone may: nothing in it that `vfioctl plan` would not say.
    void create(const Caller& caller, MethodOptions options, BusCallback<base::UniqueFd> callback);

  private:
    ControllerRunner& controller_;
    Authority& authority_;
    const DevicePaths& paths_;
};

}  // namespace bindd
