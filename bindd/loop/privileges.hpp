// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/result.hpp"

namespace bindd {

/// Gives up every capability for good: of this process, of what it may ever gain, and of programs
/// that it would execute. What is left is user id 0 with the files that are root's.
[[nodiscard]] base::Result<void> drop_privileges();

}  // namespace bindd
