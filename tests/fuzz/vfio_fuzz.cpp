// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdint>
#include <span>

#include "tests/fuzz/vfio_parsers.hpp"

/// The kernel's answers and a device's config space, with arbitrary bytes: the first selects the
/// parser.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 0)
        check_vfio_parsers(data[0], std::as_bytes(std::span(data, size)).subspan(1));
    return 0;
}
