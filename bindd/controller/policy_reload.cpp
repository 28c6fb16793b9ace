// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/policy_reload.hpp"

#include <algorithm>
#include <utility>

#include "bindd/controller/scans.hpp"
#include "policy/decide/rule_equivalence.hpp"

namespace bindd {

using sysfs::DeviceId;

namespace {

/// Editors write, rename and touch a file: the last of these events counts.
constexpr std::chrono::milliseconds kReloadDelay{200};

/// The files are valid, perhaps again: an error may have been corrected.
void notify_loaded(StepContext& step, std::vector<policy::Diagnostic> diagnostics) {
    step.state.last_rejection.clear();
    step.state.view.policy_error.clear();
    step.emit(NotifyPolicies{std::move(diagnostics)});
}

/// A file that is written, and then reloaded by request, is rejected twice but logged once.
void reject(StepContext& step, LoadedPolicies policies) {
    std::string text = check_policies(policies).error().reason;
    if (step.state.last_rejection == text)
        return;
    step.log(Level::kError, LogEvent::kPolicyRejected, "policies: " + text);
    step.state.last_rejection = std::move(text);
    step.state.view.policy_error = policy::render(policies.parsed.diagnostics);
    step.emit(NotifyPolicies{std::move(policies.parsed.diagnostics)});
}

/// Do both ask for the same? The name of the rule, where it stands and what else it matches do not
/// count: a changed comment must not bind what was released manually.
bool same_meaning(const policy::Decision* before, const policy::Decision* now) {
    const auto is_unmanaged = [](const policy::Decision* decision) {
        return decision == nullptr || decision->outcome == policy::DecisionOutcome::kUnmanaged;
    };
    if (is_unmanaged(before) || is_unmanaged(now))
        return is_unmanaged(before) == is_unmanaged(now);
    if (before->outcome != now->outcome || before->rule == nullptr || now->rule == nullptr)
        return false;
    return policy::same_action(*before->rule, *now->rule);
}

/// Failures are forgotten: what caused them may have been corrected. What was done manually, and
/// drift that is only reported, hold until a reload is requested, or the device's own rule asks for
/// something else.
void put_in_force(StepContext& step, LoadedPolicies policies, ReloadCause cause) {
    ControllerState& state = step.state;
    View& view = state.view;
    // The decisions before point into the set before.
    const policy::PolicySet set_before = std::move(view.policies);
    const policy::Decisions before = std::move(view.decisions);
    view.decisions.clear();
    view.policies = std::move(policies.parsed.set);
    view.sources = std::move(policies.sources);
    view.decide();
    const auto is_same = [&](const DeviceId& id) {
        return cause == ReloadCause::kFilesChanged &&
               same_meaning(policy::find_decision(before, id), view.decision(id));
    };
    state.manual.keep_if(is_same);
    for (auto& [key, status] : state.groups) {
        const std::vector<DeviceId> members = view.members(key);
        std::all_of(members.begin(), members.end(), is_same) ? status.forget_failures()
                                                             : status.reset_history();
    }
    state.drivers_stale = true;
    step.log(Level::kInfo, LogEvent::kPolicyLoaded,
             std::to_string(view.policies.rules.size()) + " rules and " +
                 std::to_string(view.policies.variants.size()) + " variants of " +
                 std::to_string(view.sources.size()) + " files are in force",
             {{"BINDD_POLICY", view.policies.generation}});
    notify_loaded(step, std::move(policies.parsed.diagnostics));
}

void apply_policies(StepContext& step, LoadedPolicies policies, ReloadCause cause) {
    policies.ok() ? put_in_force(step, std::move(policies), cause)
                  : reject(step, std::move(policies));
}

}  // namespace

base::Result<void> check_policies(const LoadedPolicies& policies) {
    if (policies.ok())
        return {};
    return base::fail(base::Code::kInvalid, "", "policies",
                      "not loaded, the set in force stays in force:\n" +
                          policy::render(policies.parsed.diagnostics));
}

void on_policy_files_changed(StepContext& step) {
    step.emit(ArmTimer{TimerId::kReload, step.now + kReloadDelay});
}

/// A daemon that starts beside invalid files must not let go of what it managed under the last set
/// that was valid.
void apply_first_policies(StepContext& step, LoadedPolicies policies, LoadedPolicies last_valid) {
    if (!last_valid.sources.empty() && last_valid.ok())
        put_in_force(step, std::move(last_valid), ReloadCause::kFilesChanged);
    apply_policies(step, std::move(policies), ReloadCause::kFilesChanged);
}

void on_policies_read(StepContext& step, PoliciesRead input) {
    const bool valid = input.policies.ok();
    const bool same =
        valid && input.policies.parsed.set.generation == step.state.view.policies.generation;
    if (input.cause == ReloadCause::kFilesChanged && same) {
        if (!step.state.last_rejection.empty())
            notify_loaded(step, std::move(input.policies.parsed.diagnostics));
        return;
    }
    // In manual mode a request reads the files and no more: only `apply` takes manual changes back.
    const ReloadCause cause =
        step.state.apply_mode == ApplyMode::kManual ? ReloadCause::kFilesChanged : input.cause;
    apply_policies(step, std::move(input.policies), cause);
    step.state.take_manual_back =
        step.state.take_manual_back || (valid && cause != ReloadCause::kFilesChanged);
    if (valid)
        scan_all(step);
}

}  // namespace bindd
