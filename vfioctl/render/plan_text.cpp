// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/plan_text.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/join.hpp"
#include "vfioctl/context/failure.hpp"
#include "vfioctl/render/table.hpp"

namespace vfioctl {
namespace {

/// The state of a transaction in its headline: its result, else the verdict of the plan.
std::string transaction_state(const policy::Transaction& transaction) {
    return transaction.result ? policy::step_result_name(*transaction.result)
                              : policy::verdict_name(transaction.verdict);
}

std::string device_list(const policy::Transaction& transaction) {
    return base::join(transaction.devices, " ", &sysfs::DeviceId::display);
}

/// "e1000e -> vfio-pci", with the device and the rule.
std::string change_line(const policy::Change& change) {
    const policy::ChainLink* first = change.first_candidate();
    const std::string to = change.target_name().value_or(
        first != nullptr ? "module " + first->module.value_or("?") : "");
    std::string line =
        "  " + change.target.id.display() + "  " + change.from_driver.value_or("none");
    if (!to.empty())
        line += " -> " + to;
    if (!change.rule.empty())
        line += "  by " + change.rule + (change.where.empty() ? "" : " (" + change.where + ")");
    if (change.taken_along)
        line += ", included with its group";
    return printable(line) + "\n";
}

std::string step_line(const policy::Step& step, std::size_t op_width, std::size_t device_width,
                      const Terminal& terminal) {
    const std::string op = policy::op_name(step.op);
    const std::string device = step.device.display();
    std::string line = "    " + op + std::string(op_width - op.size() + 2, ' ') + device;
    const std::string value = step.value    ? *step.value
                              : step.module ? "of module " + *step.module
                                            : "";
    if (!value.empty() || step.result)
        line += std::string(device_width - device.size() + 2, ' ') + value;
    line = printable(line);
    if (step.result) {
        const std::string result = policy::step_result_name(*step.result);
        line += "  " + styled(result, state_style(result), terminal);
    }
    if (!step.error.empty())
        line += ": " + printable(step.error);
    return line + "\n";
}

/// What lifts the reason. Memory of the firmware can be forced, but since 6.7 no kernel opens the
/// device then (usage_firmware.cpp).
std::string lift_hint(const policy::Reason& reason, ReasonLift lift) {
    if (!reason.forceable || reason.code == policy::ReasonCode::kFirmwareMemory)
        return "";
    const std::string code = policy::reason_name(reason.code);
    switch (lift) {
        case ReasonLift::kRule:
            return " [in_use: { allow: [" + code + "] }]";
        case ReasonLift::kForceOption:
            return " [--force " + code + "]";
        case ReasonLift::kNone:
            return "";
    }
    return "";
}

std::string reason_line(const policy::Reason& reason, ReasonLift lift) {
    const std::string code = policy::reason_name(reason.code);
    std::string line = "  " + reason.device.display() + ": " + code + ": " + reason.text;
    if (reason.evidence && !reason.evidence->empty() &&
        reason.text.find(*reason.evidence) == std::string::npos)
        line += " (" + *reason.evidence + ")";
    return printable(line + lift_hint(reason, lift)) + "\n";
}

std::string counted_list(const std::vector<std::pair<std::size_t, std::string>>& parts) {
    std::string out;
    for (const auto& [count, what] : parts)
        if (count > 0)
            out += (out.empty() ? "" : ", ") + std::to_string(count) + " " + what;
    return out;
}

bool was_carried_out(const policy::Plan& plan) {
    return std::any_of(plan.transactions.begin(), plan.transactions.end(),
                       [](const policy::Transaction& t) { return t.result.has_value(); });
}

std::string summary_line(const policy::Plan& plan) {
    const ResultCounts sum = count_results(plan);
    if (was_carried_out(plan))
        return counted_list({{sum.done, "done"},
                             {sum.failed, "failed"},
                             {sum.stuck, "stuck"},
                             {sum.refused, "refused"},
                             {sum.conflict, "in conflict"},
                             {sum.ok, "as wanted already"}}) +
               "\n";
    if (plan.transactions.empty())
        return "Nothing to do: no device is wanted by a rule.\n";
    if (sum.change + sum.refused + sum.conflict == 0)
        return "Nothing to do: " + std::to_string(sum.ok) + " as wanted.\n";
    return counted_list({{sum.change, "to change"},
                         {sum.refused, "refused"},
                         {sum.conflict, "in conflict"},
                         {sum.ok, "as wanted"}}) +
           "\n";
}

}  // namespace

ResultCounts count_results(const policy::Plan& plan) {
    ResultCounts sum;
    for (const policy::Transaction& transaction : plan.transactions) {
        switch (transaction.verdict) {
            case policy::Verdict::kOk:
                ++sum.ok;
                break;
            case policy::Verdict::kChange:
                ++sum.change;
                break;
            case policy::Verdict::kRefused:
                ++sum.refused;
                break;
            case policy::Verdict::kConflict:
                ++sum.conflict;
                break;
        }
        if (transaction.verdict != policy::Verdict::kChange || !transaction.result)
            continue;
        switch (*transaction.result) {
            case policy::StepResult::kDone:
                ++sum.done;
                break;
            case policy::StepResult::kRolledBack:
            case policy::StepResult::kFailed:
            case policy::StepResult::kSkipped:
                ++sum.failed;
                break;
            case policy::StepResult::kStuck:
                ++sum.stuck;
                break;
        }
    }
    return sum;
}

ExitCode detailed_exit(const policy::Plan& plan) {
    const ResultCounts sum = count_results(plan);
    if (sum.change > 0)
        return ExitCode::kChanges;
    return sum.refused + sum.conflict > 0 ? ExitCode::kRefused : ExitCode::kDone;
}

ExitCode applied_exit(const policy::Plan& plan) {
    const ResultCounts sum = count_results(plan);
    const std::size_t refused = sum.refused + sum.conflict;
    if (sum.stuck > 0)
        return ExitCode::kTimedOut;
    if (sum.failed > 0)
        return sum.done > 0 ? ExitCode::kPartly : ExitCode::kFailed;
    if (refused > 0)
        return sum.done > 0 ? ExitCode::kPartly : ExitCode::kRefused;
    return ExitCode::kDone;
}

std::string transaction_text(const policy::Transaction& transaction, const Terminal& terminal,
                             ReasonLift lift) {
    const std::string state = transaction_state(transaction);
    std::string out = transaction.key() + ": " + styled(state, state_style(state), terminal);
    if (transaction.changes.empty() && transaction.group)
        out += "  " + device_list(transaction);
    if (!transaction.error.empty())
        out += ": " + printable(transaction.error);
    out += "\n";
    for (const policy::Change& change : transaction.changes)
        out += change_line(change);
    std::size_t op_width = 0;
    std::size_t device_width = 0;
    for (const policy::Step& step : transaction.steps) {
        op_width = std::max(op_width, std::string(policy::op_name(step.op)).size());
        device_width = std::max(device_width, step.device.display().size());
    }
    for (const policy::Step& step : transaction.steps)
        out += step_line(step, op_width, device_width, terminal);
    for (const policy::Reason& reason : transaction.reasons)
        out += reason_line(reason, lift);
    for (const std::string& note : transaction.notes)
        out += printable("  note: " + note) + "\n";
    return out;
}

std::string plan_text(const policy::Plan& plan, const Terminal& terminal, ReasonLift lift) {
    std::string out;
    for (const policy::Transaction& transaction : plan.transactions)
        out += transaction_text(transaction, terminal, lift);
    return out + summary_line(plan);
}

}  // namespace vfioctl
