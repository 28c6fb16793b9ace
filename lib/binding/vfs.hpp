// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

#include "binding/bound.hpp"
#include "binding/writer.hpp"

namespace binding {

/// Brings a PF to `count` VFs and waits until every one is there, with native drivers kept off the new
/// ones meanwhile: rules of their own say what becomes of them.
[[nodiscard]] sysfs::Result<void> make_vfs(Writer& writer, const sysfs::Target& pf,
                                           std::uint32_t count, Milliseconds timeout);

/// Takes back one thing that we made on a device beside its driver.
[[nodiscard]] sysfs::Result<void> unmake(Writer& writer, const sysfs::Target& target, const Made& made,
                                         Milliseconds timeout);

}  // namespace binding
