// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "binding/codec/managed_device.hpp"
#include "policy/decide/decide.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/device/inventory.hpp"

/// Devices and groups as the JSON documents that vfioctl prints and the bus returns. In every
/// report absent things are null and strings are valid UTF-8.
namespace binding {

/// The values of `state`.
inline constexpr std::array<std::string_view, 7> kDeviceStates = {
    "unmanaged", "bound", "pending", "refused", "conflict", "failed", "stuck"};

/// How the device came to be other than the policies say.
inline constexpr const char* kNoteManual = "manual";      ///< bound, or changed, by a command
inline constexpr const char* kNoteReleased = "released";  ///< by a command
inline constexpr const char* kNoteRuleGone = "rule-gone";
inline constexpr const char* kNoteDrift = "drift";  ///< changed outside bindd
inline constexpr const char* kNoteKept = "kept";    ///< was in use in an earlier boot

/// The reasons that go with two of them, wherever the note comes from.
inline constexpr const char* kManualReason =
    "bound manually; `vfioctl apply` follows the policies again";
inline constexpr const char* kReleasedReason = "released manually; `vfioctl apply` binds it again";

/// A device's place in the interface's `state` list, with the reason when it is not as wanted.
struct DeviceState {
    std::string state;
    std::optional<std::string> reason;
    std::string note = {};  ///< one of kNote..., or empty
};
/// `bound`: what the journal has of the device.
[[nodiscard]] DeviceState device_state(const sysfs::Device& device,
                                       const policy::Decision* decision,
                                       const policy::Transaction* transaction,
                                       const policy::BoundRule* bound = nullptr);

/// "unmanaged, manual".
[[nodiscard]] std::string state_text(const DeviceState& state);
/// With the reason, which may begin with the note ("drift: ..."): "pending, drift: unbound ...".
[[nodiscard]] std::string state_line(const DeviceState& state);
/// {device, state, note, reason} of a device with a note.
[[nodiscard]] nlohmann::ordered_json exception_json(const sysfs::DeviceId& device,
                                                    const DeviceState& state);

/// The state with the last failure or release, if the device is not as wanted meanwhile.
[[nodiscard]] DeviceState with_last_result(DeviceState state, const sysfs::DeviceId& device,
                                           const LatestHistory& latest);

/// The driver that the policies want of it: a name, "host" or "none". Absent when nothing is wanted
/// of its driver, and for that of a module which is not loaded yet: only then its name shows.
[[nodiscard]] std::optional<std::string> wanted_driver(const policy::Decision& decision);

/// Names of the hardware database for a device; empty where it knows none.
struct DeviceNames {
    std::string vendor;
    std::string device;
};

[[nodiscard]] nlohmann::ordered_json device_json(const sysfs::Device& device,
                                                 const DeviceNames& names,
                                                 const policy::Decision* decision,
                                                 const DeviceState& state);
[[nodiscard]] nlohmann::ordered_json group_json(const sysfs::Group& group);

}  // namespace binding
