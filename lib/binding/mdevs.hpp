// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "binding/writer.hpp"
#include "policy/model.hpp"

namespace binding {

/// Creates the wanted mdevs of a parent (each wish has its UUID by now) and writes their attributes in
/// order. One that is there already, of that parent and type, is left as it is and does not become ours.
[[nodiscard]] sysfs::Result<void> make_mdevs(Writer& writer, const sysfs::DeviceId& parent,
                                             const std::vector<policy::MdevWish>& wishes);

/// Removes these mdevs, whoever made them: somebody asked for it. One that is gone already is no failure.
[[nodiscard]] sysfs::Result<void> stop_mdevs(Writer& writer, const sysfs::DeviceId& parent,
                                             const std::vector<policy::MdevWish>& mdevs);

/// Takes a virtual GPU of a vendor's kind away, if it still is the one that was made.
[[nodiscard]] sysfs::Result<void> take_vgpu(Writer& writer, const sysfs::Target& vf, const Made& made);

}  // namespace binding
