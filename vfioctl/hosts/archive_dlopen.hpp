// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <archive.h>
#include <archive_entry.h>

namespace vfioctl {

/// Whether libarchive is installed. Its functions may be called only then.
[[nodiscard]] bool has_libarchive();

}  // namespace vfioctl
