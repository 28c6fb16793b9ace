// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vfio/calls.hpp"
#include "vfio/export.hpp"

namespace vfio {

/// The device alone: a function-level reset or what stands in for it. kUnsupported when the device
/// info has no reset flag (EINVAL from the kernel).
[[nodiscard]] VFIO_EXPORT Result<void> reset_device(Calls& calls, const DeviceFd& fd,
                                                    const std::string& device);

/// One device that a hot reset would hit. Through a group `group` says whose it is; through a cdev
/// `devid` is its id in our iommufd, with `owned` for one that is ours without an id (same group,
/// or unbound) and neither for another's.
struct AffectedDevice {
    std::string address;  ///< "0000:01:00.1"
    std::optional<std::uint32_t> group;
    std::optional<std::uint32_t> devid;
    bool owned = true;
    auto operator<=>(const AffectedDevice&) const = default;
};

/// What a hot reset (of the slot or of the bus) would do, and which protocol this fd speaks: with a
/// group fd for each affected group, or, through a cdev, with none.
struct VFIO_EXPORT HotResetScope {
    std::vector<AffectedDevice> devices;
    bool by_devid = false;   ///< the cdev protocol
    bool all_owned = false;  ///< cdev: this process may reset them all

    /// The groups whose fds a reset has to show, each once, ascending. Empty with the cdev
    /// protocol.
    [[nodiscard]] std::vector<std::uint32_t> groups() const;
};

/// kUnsupported: neither slot nor bus can be reset (ENODEV). kDenied: a device without a group
/// among them.
[[nodiscard]] VFIO_EXPORT Result<HotResetScope> hot_reset_scope(Calls& calls, const DeviceFd& fd,
                                                                const std::string& device);
/// `groups` are the fds of scope.groups(); none with the cdev protocol. The kernel refuses (EINVAL)
/// when one is missing or a device on the bus is not bound to VFIO.
[[nodiscard]] VFIO_EXPORT Result<void> hot_reset(Calls& calls, const DeviceFd& fd,
                                                 std::span<const GroupFd* const> groups,
                                                 const std::string& device);

}  // namespace vfio
