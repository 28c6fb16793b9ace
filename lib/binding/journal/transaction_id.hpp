// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "binding/journal/state_dir.hpp"

/// The names of transactions: "20260102-030405.123456-1", the time and a number. They can be typed,
/// and in version order each is after those before it, so that "the newest" is well defined. The
/// clock alone does not promise that: someone may set it back.
namespace binding {

/// The newest that the journal or the history has; empty when there is none. The caller holds the
/// lock.
[[nodiscard]] std::string newest_transaction_id(const StateDir& state);

/// At `time_us`, or a microsecond after `last` where that is later.
[[nodiscard]] std::string next_transaction_id(std::int64_t time_us, const std::string& last,
                                              std::size_t number);

}  // namespace binding
