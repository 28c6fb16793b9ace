// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/usage_queries.hpp"

#include <utility>

#include "bindd/controller/job_planning.hpp"
#include "bindd/controller/reconciliation.hpp"

namespace bindd {

using base::Result;
using sysfs::DeviceId;

namespace {

void answer_caller(StepContext& step, const CallerUsage& caller, const Result<void>& known) {
    if (!known)
        return step.emit(AnswerUsage{caller.token, base::propagate(known)});
    sysfs::Usage usage;
    for (const DeviceId& id : caller.devices)
        if (const auto found = step.state.view.usage.find(id); found != step.state.view.usage.end())
            usage.insert(*found);
    step.emit(AnswerUsage{caller.token, std::move(usage)});
}

struct UsageContinuation {
    StepContext& step;
    const Result<void>& known;

    void operator()(const AssessmentUsage&) const { finish_assessment(step, known); }
    void operator()(const JobUsage& usage) const { on_job_usage_known(step, usage, known); }
    void operator()(const CallerUsage& usage) const { answer_caller(step, usage, known); }
};

}  // namespace

void query_usage(StepContext& step, std::vector<DeviceId> devices, UsagePurpose purpose) {
    const sysfs::Inventory& inventory = step.state.view.inventory;
    std::erase_if(devices, [&](const DeviceId& id) { return inventory.find(id) == nullptr; });
    if (devices.empty())
        return std::visit(UsageContinuation{step, {}}, purpose);
    binding::QueryUsage query;
    for (const DeviceId& id : devices)
        query.devices.push_back(*inventory.find(id));
    step.send(std::move(query), UsageQuery{std::move(devices), std::move(purpose)});
}

void on_usage_finished(StepContext& step, UsageQuery query, const Result<void>& result) {
    View& view = step.state.view;
    for (const DeviceId& id : query.devices) {
        view.usage.erase(id);
        if (result)
            step.state.usage_known.insert(id);
    }
    if (result)
        view.usage.merge(query.found);
    std::visit(UsageContinuation{step, result}, query.purpose);
}

void on_usage_requested(StepContext& step, UsageRequested input) {
    step.state.quarantine.remove_from(input.devices);
    CallerUsage caller{input.token, input.devices};
    query_usage(step, std::move(input.devices), std::move(caller));
}

}  // namespace bindd
