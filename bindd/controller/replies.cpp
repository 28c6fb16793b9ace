// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/replies.hpp"

#include <utility>

#include "bindd/controller/events.hpp"
#include "bindd/controller/job_execution.hpp"
#include "bindd/controller/recovery_events.hpp"
#include "bindd/controller/scan_results.hpp"
#include "bindd/controller/startup.hpp"
#include "bindd/controller/usage_queries.hpp"

namespace bindd {
namespace {

using base::Result;

/// False for a reply that does not belong to the request.
struct Collector {
    StepContext& step;
    binding::Message& reply;

    bool operator()(FullScan& scan) const { return collect(scan.found); }
    bool operator()(PartialScan& scan) const { return collect(scan.found); }
    bool operator()(UsageQuery& query) const {
        auto* found = std::get_if<binding::UsageFound>(&reply);
        if (found != nullptr)
            query.found = std::move(found->usage);
        return found != nullptr;
    }
    bool operator()(Execution& execution) const {
        if (auto* started = std::get_if<binding::StepStarted>(&reply))
            on_step_started(step, execution, std::move(started->text));
        else if (auto* ended = std::get_if<binding::TransactionEnded>(&reply))
            execution.ended = std::move(*ended);
        else
            return false;
        return true;
    }
    bool operator()(Forgetting&) const { return false; }

  private:
    [[nodiscard]] bool collect(View::ScanResult& result) const {
        if (auto* found = std::get_if<binding::DeviceFound>(&reply))
            result.devices.push_back(std::move(found->device));
        else if (auto* context = std::get_if<binding::ContextFound>(&reply))
            result.context = std::move(context->context);
        else if (auto* drivers = std::get_if<binding::DriversFound>(&reply))
            result.drivers = std::move(drivers->drivers);
        else
            return false;
        return true;
    }
};

struct Finisher {
    StepContext& step;
    const Result<void>& result;
    JournalReading& journal;

    void operator()(FullScan& scan) const {
        on_full_scan_finished(step, std::move(scan), result, std::move(journal));
    }
    void operator()(PartialScan& scan) const {
        on_partial_scan_finished(step, std::move(scan), result, std::move(journal));
    }
    void operator()(UsageQuery& query) const { on_usage_finished(step, std::move(query), result); }
    void operator()(Execution& execution) const {
        on_transaction_finished(step, std::move(execution), result, std::move(journal));
    }
    void operator()(const Forgetting& forgetting) const {
        on_forget_finished(step, forgetting, std::move(journal));
    }
};

}  // namespace

void on_reply(StepContext& step, ReplyReceived input) {
    const auto pending = step.state.pending.find(input.request);
    if (pending != step.state.pending.end() &&
        !std::visit(Collector{step, input.reply}, pending->second.continuation))
        pending->second.error = binding::unexpected_message(input.reply);
}

void on_request_ended(StepContext& step, RequestEnded input) {
    if (input.request == kRecoveryRequest)
        return on_recovery_started(step, input.result);
    auto pending = step.state.pending.extract(input.request);
    if (pending.empty())
        return;
    if (input.result && pending.mapped().error)
        input.result = tl::unexpected(*pending.mapped().error);
    std::visit(Finisher{step, input.result, input.journal}, pending.mapped().continuation);
}

}  // namespace bindd
