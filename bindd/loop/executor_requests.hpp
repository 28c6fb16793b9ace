// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>

#include "bindd/controller/input.hpp"
#include "bindd/loop/executor_client.hpp"

/// The controller's requests as messages to the executor, and its answers as values.
namespace bindd {

void send_scan(ExecutorClient& executor, const StartHostScan& scan,
               std::function<void(base::Result<View::ScanResult>)> done);
void send_scan(ExecutorClient& executor, const StartDeviceScan& scan,
               std::function<void(base::Result<View::ScanResult>)> done);
void send_usage_query(ExecutorClient& executor, const StartUsageQuery& query,
                      std::function<void(base::Result<sysfs::Usage>)> done);
void send_transaction(ExecutorClient& executor, const StartTransaction& transaction,
                      std::function<void(const std::string& step)> on_progress,
                      std::function<void(base::Result<binding::TransactionEnded>)> done);
void send_forget(ExecutorClient& executor, const StartForget& forget, std::function<void()> done);

/// What the executor reports without a request, or about interrupted transactions. The caller adds
/// the journal.
[[nodiscard]] Input to_input(binding::Message notice);

}  // namespace bindd
