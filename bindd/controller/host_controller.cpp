// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/host_controller.hpp"

#include <algorithm>

#include "binding/codec/json.hpp"
#include "binding/report/device_report.hpp"

namespace bindd {

using base::Result;
using sysfs::DeviceId;

namespace {

/// A group is looked at when nothing more has come for this long, or after the longer time in any
/// case.
constexpr std::chrono::milliseconds kQuiet{4};
constexpr std::chrono::milliseconds kLongest{50};

}  // namespace

HostController::HostController(ControllerDependencies deps)
    : deps_(std::move(deps)),
      scanner_(deps_.executor, view_, quarantine_),
      journal_(deps_.state),
      manual_state_(ManualState::read(deps_.state.run + "/by-hand")),
      coalescer_(kQuiet, kLongest),
      readiness_(
          deps_.event,
          [this] {
              if (scanned_ && !usage_query_pending_)
                  become_ready_if_idle();
          },
          [this] {
              notifier_.notify(&Observer::ready);
              if (on_ready_)
                  on_ready_();
          }),
      wakeup_timer_(deps_.event, [this] { scan_due(); }),
      job_timer_(deps_.event, [this] { start_due_jobs(); }),
      reload_timer_(deps_.event, [this] {
          LoadedPolicies policies = load_policies(deps_.policy_paths);
          if (policies.ok() && policies.parsed.set.generation == view_.policies.generation)
              return last_rejection_.empty() ? void()
                                             : report_policies_loaded(policies.parsed.diagnostics);
          (void)reload({.uid = std::nullopt, .description = "files"});
      }) {
    deps_.executor.on_notice([this](const auto& notice) { on_executor_notice(notice); });
    deps_.executor.on_protocol_error([this](const auto& error) { on_protocol_error(error); });
}

void HostController::start() {
    LoadedPolicies policies = load_policies(deps_.policy_paths);
    ManualState marks = manual_state_;
    if (policies.ok())
        adopt_policies(std::move(policies));
    else
        (void)reject_policies(policies);
    manual_state_ = std::move(marks);  // they outlive a restart
    view_.latest = binding::latest_history(deps_.state);
    readiness_.start_waiting();
    request_recovery();
}

binding::DeviceState HostController::state(const sysfs::Device& device) const {
    if (const std::string* why = quarantine_.reason(device.id))
        return {"stuck", *why};
    binding::DeviceState state = view_.state(device);
    const auto status = groups_.find(view_.group_key(device.id));
    if (state.state != "pending" || status == groups_.end())
        return state;
    if (status->second.is_working())
        state.reason = "under way";
    else if (!status->second.blocked_reason.empty())
        state.reason = status->second.blocked_reason;
    return state;
}

GroupState HostController::group_state(int group) const {
    const auto status = groups_.find("group " + std::to_string(group));
    return status == groups_.end() ? GroupState::kSettled : status->second.state;
}

std::map<std::string, unsigned> HostController::counts() const {
    std::map<std::string, unsigned> counts{{"unmanaged", 0}, {"bound", 0},    {"pending", 0},
                                           {"refused", 0},   {"conflict", 0}, {"failed", 0},
                                           {"stuck", 0}};
    for (const sysfs::Device& device : view_.inventory.devices)
        ++counts[state(device).state];
    return counts;
}

std::vector<StuckDevice> HostController::stuck() const {
    return quarantine_.list();
}

void HostController::usage(std::vector<DeviceId> devices,
                           std::function<void(Result<sysfs::Usage>)> done) {
    quarantine_.remove_from(devices);
    scanner_.query_usage(
        devices, [this, devices, done = std::move(done)](const Result<void>& asked) {
            if (!asked)
                return done(base::propagate(asked));
            sysfs::Usage found;
            for (const DeviceId& id : devices)
                if (const auto uses = view_.usage.find(id); uses != view_.usage.end())
                    found.insert(*uses);
            done(std::move(found));
        });
}

std::string HostController::plan_json() const {
    return binding::dump(binding::plan_json(view_.plan));
}

Result<std::string> HostController::explain_json(const DeviceId& id) const {
    const sysfs::Device* device = view_.inventory.find(id);
    if (device == nullptr)
        return base::fail(base::Code::kNotFound, "explain", id.display(), "no such device");
    const policy::Decision unmanaged{.device = id,
                                     .outcome = policy::DecisionOutcome::kUnmanaged,
                                     .rule = nullptr,
                                     .conflicting_rules = {},
                                     .chain = {},
                                     .why = "no rule matches it: unmanaged, never touched"};
    const policy::Decision* found = view_.decision(id);
    return binding::dump(binding::explain_json(*device, view_.policies,
                                               found == nullptr ? unmanaged : *found,
                                               view_.transaction(id), view_.inventory));
}

void HostController::subscribe(Observer& observer) {
    notifier_.subscribe(observer);
}

void HostController::unsubscribe(Observer& observer) {
    notifier_.unsubscribe(observer);
}

void HostController::notify_changes() {
    notifier_.notify_changes(view_, [this](const sysfs::Device& device) { return state(device); });
}

}  // namespace bindd
