// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

/// Parses `bytes` as what `kind` says (modulo 4: a device's info, a region's, a type1 container's,
/// a PCI config space) and aborts when what came out breaks a promise: every capability that can be
/// reached is kept, whatever its id; none has bytes that were not there; areas to map lie in their
/// region. The parsers see a heap block of the very size, so that a sanitizer sees any step
/// outside.
void check_vfio_parsers(std::uint8_t kind, std::span<const std::byte> bytes);
