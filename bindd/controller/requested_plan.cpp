// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/requested_plan.hpp"

#include <algorithm>
#include <iterator>

#include "policy/plan/driver_children.hpp"
#include "policy/plan/mdev_requests.hpp"
#include "sysfs/device/sriov.hpp"

namespace bindd {

using sysfs::DeviceId;

namespace {

Details names_of_mdev(const std::string& type, const std::string& uuid) {
    return {{"mdev_type", type}, {"mdev_uuid", uuid}};
}

DeviceId parent_of(const View& view, const policy::Transaction& transaction, const DeviceId& mdev) {
    if (const sysfs::Device* there = view.inventory.find(mdev))
        if (const sysfs::Device* parent = policy::driver_parent(*there, view.inventory))
            return parent->id;
    for (const policy::Change& change : transaction.changes)
        for (const policy::MdevSpec& each : change.mdevs)
            if (each.uuid == mdev.name)
                return change.target.id;
    return mdev;
}

policy::Rule requested_rule(const sysfs::Device& device, const JobRequest& request) {
    if (request.kind == JobKind::kSetVfs)
        return policy::make_vfs_rule(device, request.vfs);
    if (request.kind == JobKind::kCreateMdev)
        return policy::make_mdev_rule(device, request.mdev);
    return policy::make_bind_rule(device, request.bind_options);
}

/// The removal of an mdev, which may have gone meanwhile.
base::Result<policy::Plan> removal_plan(const View& view, const JobRequest& request) {
    const std::string uuid = request.mdev.uuid.value_or("");
    std::vector<policy::Rule> none;
    const policy::Decisions decisions = decide_requested(view, {}, none);
    policy::Plan plan =
        policy::plan_mdev_removal(uuid, {view.policies, decisions, view.inventory, view.drivers,
                                         view.usage, request.bind_options.forced});
    if (plan.transactions.empty())
        return base::fail(base::Code::kNotFound, {}, uuid, "no such mdev");
    return plan;
}

}  // namespace

policy::Decisions decide_requested(const View& view, const JobRequest& request,
                                   std::vector<policy::Rule>& rules) {
    std::vector<policy::RequestedRule> requests;
    rules.reserve(request.devices.size());
    for (const DeviceId& id : request.devices)
        if (const sysfs::Device* device = view.inventory.find(id)) {
            rules.push_back(requested_rule(*device, request));
            requests.push_back({id, &rules.back()});
        }
    return policy::decide(view.policies, view.inventory, view.drivers, requests,
                          view.journal_state.rules(view.inventory));
}

base::Result<policy::Plan> requested_plan(const View& view, const JobRequest& request) {
    if (request.kind == JobKind::kRemoveMdev)
        return removal_plan(view, request);
    for (const DeviceId& device : request.devices)
        if (view.inventory.find(device) == nullptr)
            return base::fail(base::Code::kNotFound, job_kind_name(request.kind), device.display(),
                              "no such device");
    std::vector<policy::Rule> rules;
    const policy::Decisions decisions = decide_requested(view, request, rules);
    return policy::filter_plan(
        policy::make_plan(view.policies, decisions, view.inventory, view.drivers, view.usage,
                          request.bind_options.forced),
        request.devices);
}

std::vector<DeviceId> requested_children(const View& view, const JobRequest& request) {
    std::vector<DeviceId> children;
    if (is_of_children(request.kind) && request.mdev.uuid)
        children.push_back({"mdev", *request.mdev.uuid});
    for (const DeviceId& id : request.devices)
        if (const sysfs::Device* pf = view.inventory.find(id);
            request.kind == JobKind::kSetVfs && pf != nullptr)
            std::ranges::copy(sysfs::vf_ids(*pf), std::back_inserter(children));
    std::erase_if(children, [&](const DeviceId& id) { return view.inventory.find(id) == nullptr; });
    return children;
}

Details requested_details(const JobRequest& request) {
    if (request.kind == JobKind::kSetVfs)
        return {{"vfs", std::to_string(request.vfs)}};
    return is_of_children(request.kind)
               ? names_of_mdev(request.mdev.type, request.mdev.uuid.value_or(""))
               : Details{};
}

Details mdev_details(const View& view, const policy::Transaction& transaction,
                     const policy::Step& step) {
    Details details = names_of_mdev(step.value.value_or(""), step.device.name);
    details.merge(device_details(view, parent_of(view, transaction, step.device)));
    return details;
}

}  // namespace bindd
