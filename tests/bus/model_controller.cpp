// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bus/model_controller.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "binding/codec/json.hpp"
#include "binding/journal/journal_state.hpp"
#include "binding/policies/policy_files.hpp"
#include "binding/report/device_report.hpp"
#include "binding/transaction/apply.hpp"

namespace tests {

using bindd::Job;
using bindd::JobId;
using bindd::JobRequest;
using bindd::View;

namespace {

constexpr std::size_t kMaxJobs = 64;

sysfs::ScanOptions merge(sysfs::ScanOptions a, const sysfs::ScanOptions& b) {
    a.drivers.insert(b.drivers.begin(), b.drivers.end());
    return a;
}

}  // namespace

ModelController::ModelController(sd_event* event, fake::FakeKernel& kernel, binding::StateDir state,
                                 std::vector<std::string> policies)
    : kernel_(kernel), state_(std::move(state)), policies_(std::move(policies)) {
    (void)sd_event_add_defer(event, &turn_, on_turn, this);
    (void)sd_event_source_set_enabled(turn_, SD_EVENT_OFF);
}

ModelController::~ModelController() {
    sd_event_source_unref(turn_);
}

base::Result<void> ModelController::start() {
    if (const auto loaded = reload({}); !loaded)
        return loaded;
    notify([](bindd::Observer& o) { o.ready(); });
    return {};
}

base::Result<void> ModelController::reload(const bindd::Requester& /*requester*/) {
    binding::PolicyFiles files =
        binding::read_policy_files(policies_, binding::MissingPath::kIgnore);
    policy::Parsed parsed = policy::parse_set(files.files);
    parsed.diagnostics.insert(parsed.diagnostics.end(), files.diagnostics.begin(),
                              files.diagnostics.end());
    if (!parsed.ok()) {
        notify([&](bindd::Observer& o) { o.policies_reloaded(parsed.diagnostics); });
        return base::fail(base::Code::kInvalid, "", "", policy::render(parsed.diagnostics));
    }
    view_.policies = std::move(parsed.set);
    view_.sources = std::move(files.files);
    scan();
    notify([&](bindd::Observer& o) { o.policies_reloaded(parsed.diagnostics); });
    return {};
}

void ModelController::scan() {
    auto inventory = kernel_.inventory(view_.policies.required_facts());
    auto drivers = kernel_.drivers(view_.policies.required_facts());
    if (!inventory || !drivers)
        return;
    const sysfs::Inventory before = std::exchange(view_.inventory, std::move(*inventory));
    view_.drivers = std::move(*drivers);
    if (auto bound = binding::read_managed_devices(state_))
        view_.journal_state.bound = std::move(*bound);
    view_.latest = binding::latest_history(state_);
    view_.decide();
    const auto taken = view_.devices_losing_driver();
    view_.usage = kernel_.usage(view_.inventory, taken);
    view_.make_plan();
    for (const sysfs::Device& device : before.devices)
        if (view_.inventory.find(device.id) == nullptr)
            notify([&](bindd::Observer& o) { o.device_vanished(device.id); });
    for (const auto& [id, group] : before.groups)
        if (!view_.inventory.groups.contains(id))
            notify([&, gone = id](bindd::Observer& o) { o.group_vanished(gone); });
    for (const sysfs::Device& device : view_.inventory.devices)
        notify([&](bindd::Observer& o) {
            if (before.find(device.id) == nullptr)
                o.device_appeared(device.id);
            else
                o.device_changed(device.id);
        });
    for (const auto& [id, group] : view_.inventory.groups)
        notify([&, known = before.groups.contains(id), number = id](bindd::Observer& o) {
            known ? o.group_changed(number) : o.group_appeared(number);
        });
    notify([](bindd::Observer& o) { o.counts_changed(); });
}

binding::DeviceState ModelController::state(const sysfs::Device& device) const {
    return view_.state(device);
}

bindd::GroupState ModelController::group_state(int /*group*/) const {
    return bindd::GroupState::kSettled;
}

std::map<std::string, unsigned> ModelController::counts() const {
    std::map<std::string, unsigned> counts;
    for (const sysfs::Device& device : view_.inventory.devices)
        ++counts[state(device).state];
    return counts;
}

std::string ModelController::plan_json() const {
    return binding::dump(binding::plan_json(view_.plan));
}

base::Result<std::string> ModelController::explain_json(const sysfs::DeviceId& id) const {
    const sysfs::Device* device = view_.inventory.find(id);
    if (device == nullptr)
        return base::fail(base::Code::kNotFound, "explain", id.display(), "no such device");
    policy::Decision unmanaged;
    unmanaged.device = id;
    unmanaged.why = "no rule matches it: unmanaged, never touched";
    const policy::Decision* decision = view_.decision(id);
    return binding::dump(binding::explain_json(*device, view_.policies,
                                               decision == nullptr ? unmanaged : *decision,
                                               view_.transaction(id), view_.inventory));
}

base::Result<JobId> ModelController::submit(JobRequest request) {
    for (const sysfs::DeviceId& id : request.devices)
        if (view_.inventory.find(id) == nullptr)
            return base::fail(base::Code::kNotFound, "find", id.display(), "no such device");
    Job job;
    job.id = ++last_;
    job.request = std::move(request);
    jobs_.emplace(job.id, std::move(job));
    while (jobs_.size() > kMaxJobs && jobs_.begin()->second.ended())
        jobs_.erase(jobs_.begin());
    waiting_.push_back(last_);
    (void)sd_event_source_set_enabled(turn_, SD_EVENT_ONESHOT);
    return last_;
}

const Job* ModelController::job(JobId id) const {
    const auto found = jobs_.find(id);
    return found == jobs_.end() ? nullptr : &found->second;
}

std::vector<JobId> ModelController::jobs() const {
    std::vector<JobId> out;
    for (const auto& [id, job] : jobs_)
        out.push_back(id);
    return out;
}

base::Result<void> ModelController::cancel(JobId id) {
    const auto waiting = std::find(waiting_.begin(), waiting_.end(), id);
    if (waiting == waiting_.end())
        return base::fail(base::Code::kBusy, "cancel", "job " + std::to_string(id), "it has begun");
    waiting_.erase(waiting);
    Job& job = jobs_.at(id);
    job.error = base::Error{.code = base::Code::kFailed,
                            .operation = {},
                            .object = {},
                            .reason = "cancelled",
                            .hint = {}};
    end(job);
    return {};
}

int ModelController::on_turn(sd_event_source* source, void* userdata) {
    auto& self = *static_cast<ModelController*>(userdata);
    if (!self.waiting_.empty()) {
        const JobId id = self.waiting_.front();
        self.waiting_.pop_front();
        self.run_job(self.jobs_.at(id));
    }
    if (!self.waiting_.empty())
        (void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    return 0;
}

base::Result<policy::Plan> ModelController::plan_manual(const JobRequest& request) {
    std::vector<policy::Rule> rules;
    for (const sysfs::DeviceId& id : request.devices) {
        const sysfs::Device* device = view_.inventory.find(id);
        if (device == nullptr)
            return base::fail(base::Code::kNotFound, "find", id.display(), "no such device");
        rules.push_back(policy::make_bind_rule(*device, request.bind_options));
    }
    std::vector<policy::RequestedRule> requests;
    for (std::size_t i = 0; i < rules.size(); ++i)
        requests.push_back({request.devices.at(i), &rules[i]});
    const auto drivers = kernel_.drivers(merge(
        view_.policies.required_facts(), policy::required_facts(request.bind_options.driver)));
    if (!drivers)
        return base::propagate(drivers);
    const auto decisions = policy::decide(view_.policies, view_.inventory, *drivers, requests);
    const auto taken = policy::devices_losing_driver(decisions, view_.inventory);
    const auto usage = kernel_.usage(view_.inventory, taken);
    return policy::filter_plan(policy::make_plan(view_.policies, decisions, view_.inventory,
                                                 *drivers, usage, request.bind_options.forced),
                               request.devices);
}

base::Result<policy::Plan> ModelController::make_job_plan(const JobRequest& request) {
    switch (request.kind) {
        case bindd::JobKind::kReconcile:
        case bindd::JobKind::kApply:
            return view_.plan;
        case bindd::JobKind::kBind:
            return plan_manual(request);
        case bindd::JobKind::kRelease:
            return binding::plan_release(kernel_, state_, view_.inventory, request.devices);
        case bindd::JobKind::kRollback:
            return binding::plan_rollback(kernel_, state_, view_.inventory, request.txn);
    }
    return view_.plan;
}

void ModelController::run_job(Job& job) {
    scan();
    job.state = bindd::JobState::kWorking;
    notify([&](bindd::Observer& o) { o.job_changed(job); });
    auto plan = make_job_plan(job.request);
    if (plan && job.request.mode == bindd::JobMode::kExecute) {
        binding::ApplyOptions options;
        options.timeout = job.request.timeout;
        options.workers = 1;
        options.actor = job.request.requester.actor();
        options.action = bindd::job_kind_name(job.request.kind);
        options.on_warning = [&](const std::string& text) { job.warnings.push_back(text); };
        plan = binding::apply(kernel_, state_, std::move(*plan), options);
    }
    if (plan)
        job.plan = std::move(*plan);
    else
        job.error = plan.error();
    scan();
    for (const policy::Transaction& transaction : job.plan.transactions)
        if (transaction.result)
            notify([&](bindd::Observer& o) { o.transaction_finished(job, transaction); });
    end(job);
}

void ModelController::end(Job& job) {
    job.state = bindd::JobState::kEnded;
    job.ending = job.error ? bindd::Ending::kFailed : bindd::job_ending(job.plan, job.request.mode);
    notify([&](bindd::Observer& o) { o.job_ended(job); });
}

void ModelController::open(OpenRequest request,
                           std::function<void(base::Result<bindd::OpenedDevice>)> done) {
    const sysfs::Device* device = view_.inventory.find(request.device);
    if (device == nullptr || !device->vfio || !device->vfio->group)
        return done(base::fail(base::Code::kRefused, "open", request.device.display(),
                               "VFIO does not have it"));
    bindd::OpenedDevice opened{
        .backend = request.backend.empty() ? "type1v2" : request.backend, .fds = {}, .facts = {}};
    for (const char* name : {"group", "container", "device"})
        opened.fds.emplace_back(name, base::UniqueFd(::eventfd(0, EFD_CLOEXEC)));
    opened.facts = {{"device_name", request.device.name}, {"iommu_group", *device->vfio->group}};
    done(std::move(opened));
}

void ModelController::usage(std::vector<sysfs::DeviceId> devices,
                            std::function<void(base::Result<sysfs::Usage>)> done) {
    done(kernel_.usage(view_.inventory, devices));
}

}  // namespace tests
