// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/counted.hpp"

namespace vfioctl {

std::string counted(std::size_t count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace vfioctl
