// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <map>
#include <set>
#include <string>

#include "base/result.hpp"
#include "policy/plan/plan.hpp"
#include "sysfs/device/device.hpp"

/// What polkit is asked. A request is planned before it is authorised, so that the questions are of
/// every device that it touches; it is planned again when it is executed, and what is executed then
/// raises no question that was not answered. So another device at the same address, a peer that
/// appeared or a driver that changed meanwhile is never covered by an earlier answer.
namespace bindd {

struct JobRequest;
struct View;

/// The polkit actions, which org.bindd1.policy declares.
enum class Action { kBind, kApply, kOpen, kMdev, kSriov, kForce, kReload, kInspect };
[[nodiscard]] const char* action_name(Action action);

/// What a polkit rule can read: action.lookup("vendor").
using Details = std::map<std::string, std::string>;

struct Question {
    Action action{};
    Details details{};  ///< of one device; empty: the action concerns none

    auto operator<=>(const Question&) const = default;
};
using Questions = std::set<Question>;

[[nodiscard]] Details device_details(const View& view, const sysfs::DeviceId& id);
/// The devices that the request names, and those of the transactions that change something.
[[nodiscard]] Questions plan_questions(const View& view, const JobRequest& request,
                                       const policy::Plan& plan);
/// The device, and on every backend but iommufd its group: the descriptor of the group gives access
/// to all of its devices.
[[nodiscard]] Questions open_questions(const View& view, const sysfs::DeviceId& id,
                                       const std::string& backend);

/// kDenied if the plan raises a question that was not answered.
[[nodiscard]] base::Result<void> check_answered(const View& view, const JobRequest& request,
                                                const policy::Plan& plan);

}  // namespace bindd
