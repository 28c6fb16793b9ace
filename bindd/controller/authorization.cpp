// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/authorization.hpp"

#include <algorithm>
#include <optional>

#include "base/join.hpp"
#include "base/name_table.hpp"
#include "base/number.hpp"
#include "bindd/controller/job.hpp"
#include "bindd/controller/requested_plan.hpp"
#include "bindd/controller/view.hpp"
#include "sysfs/device/group.hpp"
#include "sysfs/device/vfio_nodes.hpp"

namespace bindd {

using policy::Change;
using policy::Transaction;
using sysfs::Device;
using sysfs::DeviceId;

namespace {

constexpr base::NameTable<Action::kInspect> kActionNames{
    "org.bindd1.bind",  "org.bindd1.apply", "org.bindd1.open",   "org.bindd1.mdev",
    "org.bindd1.sriov", "org.bindd1.force", "org.bindd1.reload", "org.bindd1.inspect"};

std::string hex_or_empty(const std::optional<std::uint16_t>& value) {
    return value ? base::to_hex(*value, 4) : std::string{};
}

Action main_action(JobKind kind) {
    switch (kind) {
        case JobKind::kBind:
        case JobKind::kRelease:
            return Action::kBind;
        case JobKind::kReconcile:
        case JobKind::kApply:
        case JobKind::kRollback:
            return Action::kApply;
        case JobKind::kSetVfs:
            return Action::kSriov;
        case JobKind::kCreateMdev:
        case JobKind::kRemoveMdev:
            return Action::kMdev;
    }
    return Action::kApply;
}

/// "vfio-pci", "none", "host", or for the driver of a module that is not loaded the module.
std::string wanted_driver(const Change& change, const Transaction& transaction) {
    if (change.to == Change::To::kHost)
        for (const policy::Step& step : transaction.steps)
            if (step.op == policy::Op::kBind && step.device == change.target.id)
                return step.value.value_or("host");
    if (auto name = change.target_name())
        return *std::move(name);
    const policy::ChainLink* first = change.first_candidate();
    return first != nullptr ? first->module.value_or("") : change.from_driver.value_or("");
}

/// A device without an IOMMU, or in a group that VFIO made up for one, reaches all memory. An mdev
/// has such a group too, or none, and no DMA of its own.
bool has_no_iommu(const View& view, const DeviceId& id) {
    const Device* device = view.inventory.find(id);
    if (device == nullptr || device->mdev)
        return false;
    if (!device->iommu_group)
        return true;
    const auto group = view.inventory.groups.find(*device->iommu_group);
    return group != view.inventory.groups.end() && group->second.name == sysfs::kNoiommuGroupName;
}

/// What only org.bindd1.force allows: to go on in spite of a reason, a driver that gives the device
/// to the host, and DMA without an IOMMU.
bool needs_force(const View& view, const policy::BindOptions& options, const DeviceId& id) {
    const bool is_native =
        std::any_of(options.driver.chain.begin(), options.driver.chain.end(),
                    [](const policy::Candidate& candidate) {
                        return candidate.kind == policy::Candidate::CandidateKind::kNamed &&
                               !sysfs::is_vfio_driver(candidate.driver);
                    });
    switch (options.driver.kind) {
        case policy::DriverAction::ActionKind::kHost:
            return true;
        case policy::DriverAction::ActionKind::kNone:
            break;
        case policy::DriverAction::ActionKind::kChain:
            if (is_native || has_no_iommu(view, id))
                return true;
            break;
    }
    return !options.forced.codes.empty();
}

class QuestionCollector {
  public:
    QuestionCollector(const View& view, const JobRequest& request)
        : view_(view), request_(request) {}

    /// A request for VFs or mdevs asks once, for its device (add_named()).
    void add(const Transaction& transaction) {
        if (is_of_children(request_.kind))
            return;
        for (const Change& change : transaction.changes)
            add(change.target.id, {{"wanted_driver", wanted_driver(change, transaction)},
                                   {"taken_along", is_taken_along(change) ? "true" : "false"}});
        for (const policy::Step& step : transaction.steps)
            add(step, transaction);
    }
    void add_named(const DeviceId& id) {
        if (std::none_of(questions_.begin(), questions_.end(), [&](const Question& question) {
                return question.details.at("address") == id.display();
            }))
            add(id, requested_details(request_));
    }
    [[nodiscard]] Questions take() {
        if (questions_.empty())
            questions_.insert({main_action(request_.kind)});
        return std::move(questions_);
    }

  private:
    void add(const DeviceId& id, Details details) {
        details.merge(device_details(view_, id));
        const policy::BindOptions& options = request_.bind_options;
        if (!options.forced.codes.empty())
            details["forced"] = base::join(options.forced.codes, " ", policy::reason_name);
        if (request_.kind == JobKind::kBind ? needs_force(view_, options, id)
                                            : !options.forced.codes.empty())
            questions_.insert({Action::kForce, details});
        questions_.insert({main_action(request_.kind), std::move(details)});
    }
    void add(const policy::Step& step, const Transaction& transaction) {
        const bool is_mdev =
            step.op == policy::Op::kCreateMdev || step.op == policy::Op::kRemoveMdev;
        if (!is_mdev && step.op != policy::Op::kSetVfs)
            return;
        Details details =
            is_mdev ? mdev_details(view_, transaction, step) : device_details(view_, step.device);
        if (!is_mdev)
            details["vfs"] = step.value.value_or("");
        questions_.insert({is_mdev ? Action::kMdev : Action::kSriov, std::move(details)});
    }
    [[nodiscard]] bool is_taken_along(const Change& change) const {
        const auto& named = request_.devices;
        return change.taken_along || (!named.empty() && std::find(named.begin(), named.end(),
                                                                  change.target.id) == named.end());
    }

    const View& view_;
    const JobRequest& request_;
    Questions questions_;
};

}  // namespace

const char* action_name(Action action) {
    return kActionNames[action];
}

/// A device that does not exist has its address alone.
Details device_details(const View& view, const DeviceId& id) {
    const Device* device = view.inventory.find(id);
    if (device == nullptr)
        return {{"address", id.display()}, {"bus", id.bus}};
    const sysfs::HardwareIds& ids = device->ids;
    return {{"address", id.display()},
            {"bus", id.bus},
            {"vendor", hex_or_empty(ids.vendor)},
            {"device", hex_or_empty(ids.device)},
            {"subsystem_vendor", hex_or_empty(ids.subsystem_vendor)},
            {"subsystem_device", hex_or_empty(ids.subsystem_device)},
            {"class", ids.class_code ? base::to_hex(*ids.class_code, 6) : std::string{}},
            {"modalias", device->modalias},
            {"serial", device->serial.value_or("")},
            {"driver", device->driver.value_or("")},
            {"group", device->iommu_group ? std::to_string(*device->iommu_group) : std::string{}}};
}

Questions plan_questions(const View& view, const JobRequest& request, const policy::Plan& plan) {
    QuestionCollector collector(view, request);
    for (const Transaction& transaction : plan.transactions)
        if (transaction.verdict == policy::Verdict::kChange)
            collector.add(transaction);
    for (const DeviceId& id : request.devices)
        collector.add_named(id);
    return collector.take();
}

Questions open_questions(const View& view, const DeviceId& id, const std::string& backend) {
    std::set<DeviceId> devices{id};
    const Device* device = view.inventory.find(id);
    if (device != nullptr && device->iommu_group && backend != "iommufd") {
        const auto group = view.inventory.groups.find(*device->iommu_group);
        if (group != view.inventory.groups.end())
            devices.insert(group->second.devices.begin(), group->second.devices.end());
    }
    const bool no_iommu = backend == "noiommu" || has_no_iommu(view, id);
    Questions questions;
    for (const DeviceId& each : devices) {
        const Device* member = view.inventory.find(each);
        if (each != id && member != nullptr && member->is_bridge())
            continue;
        Details details = device_details(view, each);
        details["backend"] = backend;
        details["taken_along"] = each == id ? "false" : "true";
        if (no_iommu)
            questions.insert({Action::kForce, details});
        questions.insert({Action::kOpen, std::move(details)});
    }
    return questions;
}

base::Result<void> check_answered(const View& view, const JobRequest& request,
                                  const policy::Plan& plan) {
    if (!request.answered)
        return {};
    for (const Question& question : plan_questions(view, request, plan))
        if (!request.answered->contains(question))
            return base::fail(base::Code::kDenied, {},
                              question.details.contains("address")
                                  ? question.details.at("address")
                                  : std::string(job_kind_name(request.kind)),
                              "what would be done is not what was authorised: the device, its "
                              "group or its driver has changed meanwhile");
    return {};
}

}  // namespace bindd
