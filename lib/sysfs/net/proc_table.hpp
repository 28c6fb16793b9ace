// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sstream>
#include <string>
#include <vector>

namespace sysfs {

/// A table of /proc/net as a stream of lines. A kernel without the protocol has no such file; why
/// another one cannot be read is added to `unknown`.
[[nodiscard]] std::istringstream open_table(const std::string& path,
                                            std::vector<std::string>& unknown);

}  // namespace sysfs
