// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <linux/ioctl.h>

#include <cstdint>

/// The kernel's user API as this library needs it, up to Linux 7.2, declared from the documented
/// numbers and layouts: the distribution's <linux/vfio.h> may be years older than the kernel that
/// runs. Each structure has its size and its key offsets asserted. Structures that end in a
/// variable part are declared without it; the part starts at sizeof().
namespace vfio::abi {

/// _IO(';', nr): the direction bits differ between architectures, so the kernel's macro makes it.
constexpr unsigned long request(unsigned nr) {
    return _IO(';', nr);
}

static_assert(sizeof(void*) == 8, "the layouts below are those of 64-bit kernels");

}  // namespace vfio::abi
