// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <vector>

#include "binding/transaction/device_change.hpp"
#include "binding/transaction/transaction_context.hpp"

namespace binding {

/// Looks once more, immediately before the unbind, who uses the devices that lose their drivers:
/// what the plan was made from is seconds old, or minutes where a user had to confirm it. kStale
/// when one has a use that the plan does not accept. A release takes no driver that the host uses.
[[nodiscard]] base::Result<void> check_usage(TransactionContext& context,
                                             const std::vector<DeviceChange>& changes);

}  // namespace binding
