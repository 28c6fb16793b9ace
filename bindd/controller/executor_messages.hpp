// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "bindd/controller/input.hpp"
#include "bindd/controller/step_context.hpp"

/// What the executor sends: replies, which are collected until their request ends, and notices.
namespace bindd {

/// What nobody asked for: devices that must be neither read nor changed for a while, and warnings.
void on_notice(StepContext& step, NoticeReceived input);
/// A message of the executor was not understood.
void on_protocol_violated(StepContext& step, const base::Error& error);

/// A reply that does not belong to its request makes that fail.
void on_reply(StepContext& step, ReplyReceived input);
void on_request_ended(StepContext& step, RequestEnded input);

}  // namespace bindd
