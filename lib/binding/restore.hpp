// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "binding/record.hpp"
#include "binding/writer.hpp"
#include "sysfs/kernel.hpp"

namespace binding {

/// Brings a device from how it stands (`now`, just read) to how it stood: driver and override. The
/// caller has made sure that what is there now is ours to undo. Used to undo and to release.
[[nodiscard]] sysfs::Result<void> restore(Writer& writer, const sysfs::Target& target,
                                          const sysfs::Device& now, const Held::Origin& wanted);

/// The driver that the kernel itself would give the device: the first that a module claiming its
/// modalias registers on its bus, or brings when it is loaded. kNotFound when there is none.
[[nodiscard]] sysfs::Result<std::string> native_driver(Writer& writer, const sysfs::Target& target);

}  // namespace binding
