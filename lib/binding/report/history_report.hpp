// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "binding/codec/managed_device.hpp"

namespace binding {

[[nodiscard]] nlohmann::ordered_json history_json(const std::vector<HistoryEntry>& history);
/// The entries of a document that has them as its "history".
[[nodiscard]] base::Result<std::vector<HistoryEntry>> parse_history(const std::string& document);
/// RFC 3339 in UTC to the second: the same on every machine, and it sorts.
[[nodiscard]] std::string format_time(std::int64_t time_us);
/// "2026-11-30 09:22:38" in the time zone of TZ or of this machine, for people.
[[nodiscard]] std::string format_local_time(std::int64_t time_us);

}  // namespace binding
