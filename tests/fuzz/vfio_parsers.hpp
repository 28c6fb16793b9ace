// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

/// Parses `bytes` as `kind` selects (modulo 4: a device's info, a region's, a type1 container's, a
/// PCI config space) and aborts when the result violates a guarantee: every capability that can be
/// reached is kept, known or not; none has bytes beyond the input; areas to map are inside their
/// region. The parsers get a heap block of exactly that size, so that a sanitizer reports any
/// access outside.
void check_vfio_parsers(std::uint8_t kind, std::span<const std::byte> bytes);
