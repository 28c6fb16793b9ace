// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/result.hpp"

namespace bindd {

/// Permanently drops every capability of this process and of programs that it executes. The process
/// remains user 0 with access to root's files.
[[nodiscard]] base::Result<void> drop_privileges();

}  // namespace bindd
