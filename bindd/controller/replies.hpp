// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

/// The executor's replies, which are collected until their request ends.
namespace bindd {

/// A reply that does not belong to its request makes that fail.
void on_reply(StepContext& step, ReplyReceived input);
void on_request_ended(StepContext& step, RequestEnded input);

}  // namespace bindd
