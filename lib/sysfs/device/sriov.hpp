// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sysfs/device/device.hpp"
#include "sysfs/device/device_dir.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// The PF's side, where the device can do SR-IOV at all.
/// Waits for no lock: sriov_numvfs_show() takes the device's, which a removal or an unbind of the
/// PF holds until its users let go. The number of VFs is that of the links; while VFs are being
/// made it is too low.
[[nodiscard]] std::optional<SriovPf> read_pf(const Root& root, const DeviceDir& device);
/// The VF's side: only whose it is. Its index is what only the PF knows, by its virtfnN links
/// (vf_numbers.hpp).
[[nodiscard]] std::optional<std::string> read_pf_of(const DeviceDir& device);

/// The VFs of a PF, by their indexes; none of any other device.
[[nodiscard]] std::vector<DeviceId> vf_ids(const Device& pf);

}  // namespace sysfs
