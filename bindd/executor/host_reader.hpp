// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>

#include "binding/codec/messages.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace bindd {

/// Answers a ScanHost, ScanDevices or QueryUsage: what is found goes to `emit` piece by piece; the
/// return value is Completed or Failed. Runs in a process that can be lost, since reading a device
/// hangs while an unbind of it does.
[[nodiscard]] binding::Message read_host(sysfs::Kernel& kernel, const binding::Message& request,
                                         const std::function<void(binding::Message)>& emit);

}  // namespace bindd
