// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/policy_reload.hpp"

#include <utility>

#include "bindd/controller/scans.hpp"

namespace bindd {

namespace {

/// Editors write, rename and touch a file: the last of these events counts.
constexpr std::chrono::milliseconds kReloadDelay{200};

/// The files are valid, perhaps again: an error may have been corrected.
void notify_loaded(StepContext& step, std::vector<policy::Diagnostic> diagnostics) {
    step.state.last_rejection.clear();
    step.emit(NotifyPolicies{std::move(diagnostics)});
}

/// A file that is written, and then reloaded by request, is rejected twice but logged once.
void reject(StepContext& step, LoadedPolicies policies) {
    std::string text = check_policies(policies).error().reason;
    if (step.state.last_rejection == text)
        return;
    step.log(Level::kError, LogEvent::kPolicyRejected, "policies: " + text);
    step.state.last_rejection = std::move(text);
    step.emit(NotifyPolicies{std::move(policies.parsed.diagnostics)});
}

/// Manual changes hold until here. Decisions point into the set that is replaced.
void put_in_force(StepContext& step, LoadedPolicies policies) {
    ControllerState& state = step.state;
    View& view = state.view;
    view.decisions.clear();
    view.policies = std::move(policies.parsed.set);
    view.sources = std::move(policies.sources);
    state.manual.clear_all();
    for (auto& [key, status] : state.groups)
        status.reset_history();
    state.drivers_stale = true;
    view.decide();
    step.log(Level::kInfo, LogEvent::kPolicyLoaded,
             std::to_string(view.policies.rules.size()) + " rules and " +
                 std::to_string(view.policies.variants.size()) + " variants of " +
                 std::to_string(view.sources.size()) + " files are in force",
             {{"BINDD_POLICY", view.policies.generation}});
    notify_loaded(step, std::move(policies.parsed.diagnostics));
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

void apply_policies(StepContext& step, LoadedPolicies policies) {
    policies.ok() ? put_in_force(step, std::move(policies)) : reject(step, std::move(policies));
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
    apply_policies(step, std::move(input.policies));
    if (valid)
        scan_all(step);
}

}  // namespace bindd
