// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/transaction.hpp"

#include <algorithm>
#include <array>

namespace policy {

namespace {

// Each in the order of its enum.
constexpr std::array kOps = {"load_module",    "set_override", "unbind",      "bind",
                             "clear_override", "create_mdev",  "remove_mdev", "set_attr",
                             "set_vfs",        "set_access",   "check_open"};
constexpr std::array kStepResults = {"done", "rolled_back", "failed", "stuck", "skipped"};
constexpr std::array kVerdicts = {"ok", "change", "refused", "conflict"};
static_assert(kOps.size() == static_cast<std::size_t>(Op::kCheckOpen) + 1);
static_assert(kStepResults.size() == static_cast<std::size_t>(StepResult::kSkipped) + 1);
static_assert(kVerdicts.size() == static_cast<std::size_t>(Verdict::kConflict) + 1);

}  // namespace

const char* op_name(Op op) {
    return kOps.at(static_cast<std::size_t>(op));
}

const char* step_result_name(StepResult result) {
    return kStepResults.at(static_cast<std::size_t>(result));
}

const char* verdict_name(Verdict verdict) {
    return kVerdicts.at(static_cast<std::size_t>(verdict));
}

const ChainLink* Change::first_candidate() const {
    return to == To::kChain && !candidates.empty() ? &candidates.front() : nullptr;
}

bool disturbs_users(const sysfs::Device& device, Change::To to) {
    return device.driver || to == Change::To::kChain;
}

std::optional<std::string> Change::target_name() const {
    switch (to) {
        case To::kHost:
            return candidates.empty() ? "host" : candidates.front().driver;
        case To::kNone:
            return "none";
        case To::kChain:
            break;
    }
    const ChainLink* first = first_candidate();
    return first != nullptr ? first->driver : std::nullopt;
}

std::string Transaction::key() const {
    if (group)
        return "group " + std::to_string(*group);
    return devices.empty() ? std::string() : devices.front().text();
}

bool Transaction::concerns(const sysfs::DeviceId& device) const {
    return std::find(devices.begin(), devices.end(), device) != devices.end();
}

Plan filter_plan(Plan plan, const std::vector<sysfs::DeviceId>& devices) {
    std::erase_if(plan.transactions, [&](const Transaction& each) {
        return std::none_of(devices.begin(), devices.end(),
                            [&](const sysfs::DeviceId& id) { return each.concerns(id); });
    });
    return plan;
}

}  // namespace policy
