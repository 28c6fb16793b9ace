// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>

#include "bindd/bus_authority.hpp"
#include "bindd/bus_options.hpp"
#include "bindd/bus_path.hpp"
#include "bindd/keeper.hpp"
#include "sysfs/unique_fd.hpp"

namespace bindd {

/// The daemon's picture of the host for vfioctl, which runs the same pure decisions on it as it would on the host. A
/// sealed memory file, since it is megabytes for thousands of devices, and a bus is no place for those.
class Snapshots {
  public:
    Snapshots(Keeper& keeper, Authority& authority, const DevicePaths& paths)
        : keeper_(keeper), authority_(authority), paths_(paths) {}

    /// Everyone may: nothing in it that `vfioctl plan` would not say.
    void take(const Caller& caller, Options options, Answered<sysfs::UniqueFd> answered);

  private:
    Keeper& keeper_;
    Authority& authority_;
    const DevicePaths& paths_;
};

}  // namespace bindd
