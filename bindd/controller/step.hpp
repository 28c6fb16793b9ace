// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/state.hpp"

namespace bindd {

/// The controller: applies one input to the state and returns what is to be done, in order. Does no
/// I/O and reads no clock: the same state, input and time give the same effects.
///
/// Every input follows the same path. It marks groups dirty; after a short quiet time their devices
/// are scanned; all decisions and the plan are made anew, which is cheap; and groups that are not
/// as wanted are changed by a transaction, unless something forbids it: a manual change, a drift
/// that is only reported, or a failure with nothing changed since.
[[nodiscard]] Effects step(ControllerState& state, Input input, Time now);

}  // namespace bindd
