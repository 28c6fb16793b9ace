// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/transaction.hpp"

#include <algorithm>

namespace policy {

const char* op_name(Op op) {
    switch (op) {
        case Op::kLoadModule:
            return "load_module";
        case Op::kSetOverride:
            return "set_override";
        case Op::kUnbind:
            return "unbind";
        case Op::kBind:
            return "bind";
        case Op::kClearOverride:
            return "clear_override";
        case Op::kCreateMdev:
            return "create_mdev";
        case Op::kRemoveMdev:
            return "remove_mdev";
        case Op::kSetAttr:
            return "set_attr";
        case Op::kSetVfs:
            return "set_vfs";
        case Op::kSetAccess:
            return "set_access";
        case Op::kCheckOpen:
            return "check_open";
    }
    return "";
}

const char* step_result_name(StepResult result) {
    switch (result) {
        case StepResult::kDone:
            return "done";
        case StepResult::kRolledBack:
            return "rolled_back";
        case StepResult::kFailed:
            return "failed";
        case StepResult::kStuck:
            return "stuck";
        case StepResult::kSkipped:
            return "skipped";
    }
    return "";
}

const char* verdict_name(Verdict verdict) {
    switch (verdict) {
        case Verdict::kOk:
            return "ok";
        case Verdict::kChange:
            return "change";
        case Verdict::kRefused:
            return "refused";
        case Verdict::kConflict:
            return "conflict";
    }
    return "";
}

std::string Transaction::key() const {
    if (group)
        return "group " + std::to_string(*group);
    return devices.empty() ? std::string() : devices.front().text();
}

Plan filter_plan(Plan plan, const std::vector<sysfs::DeviceId>& devices) {
    const auto concerns = [&](const Transaction& transaction) {
        return std::any_of(devices.begin(), devices.end(), [&](const sysfs::DeviceId& id) {
            return std::find(transaction.devices.begin(), transaction.devices.end(), id) !=
                   transaction.devices.end();
        });
    };
    std::erase_if(plan.transactions, [&](const Transaction& each) { return !concerns(each); });
    return plan;
}

}  // namespace policy
