// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bus/model_keeper.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "binding/apply.hpp"
#include "binding/json.hpp"
#include "binding/ledger.hpp"
#include "binding/policy_dirs.hpp"
#include "binding/report.hpp"

namespace tests {

using bindd::Job;
using bindd::JobId;
using bindd::Request;
using bindd::View;

namespace {

constexpr std::size_t kMostJobs = 64;

sysfs::Wanted both(sysfs::Wanted a, const sysfs::Wanted& b) {
    a.drivers.insert(b.drivers.begin(), b.drivers.end());
    return a;
}

}  // namespace

ModelKeeper::ModelKeeper(sd_event* event, fake::FakeKernel& kernel, binding::StateDir state,
                         std::vector<std::string> policies)
    : kernel_(kernel), state_(std::move(state)), policies_(std::move(policies)) {
    (void)sd_event_add_defer(event, &turn_, on_turn, this);
    (void)sd_event_source_set_enabled(turn_, SD_EVENT_OFF);
}

ModelKeeper::~ModelKeeper() {
    sd_event_source_unref(turn_);
}

sysfs::Result<void> ModelKeeper::start() {
    if (const auto loaded = reload({}); !loaded)
        return loaded;
    tell([](bindd::Observer& o) { o.ready(); });
    return {};
}

sysfs::Result<void> ModelKeeper::reload(const bindd::Asker& /*asker*/) {
    binding::PolicyFiles files = binding::read_policy_files(policies_, binding::Absent::kIsFine);
    policy::Parsed parsed = policy::parse_set(files.files);
    parsed.diagnostics.insert(parsed.diagnostics.end(), files.diagnostics.begin(), files.diagnostics.end());
    if (!parsed.ok()) {
        tell([&](bindd::Observer& o) { o.policies_reloaded(parsed.diagnostics); });
        return sysfs::fail(sysfs::Code::kInvalid, "", "", policy::render(parsed.diagnostics));
    }
    view_.policies = std::move(parsed.set);
    view_.sources = std::move(files.files);
    look();
    tell([&](bindd::Observer& o) { o.policies_reloaded(parsed.diagnostics); });
    return {};
}

void ModelKeeper::look() {
    auto inventory = kernel_.inventory(view_.policies.wanted());
    auto drivers = kernel_.drivers(view_.policies.wanted());
    if (!inventory || !drivers)
        return;
    const sysfs::Inventory before = std::exchange(view_.inventory, std::move(*inventory));
    view_.drivers = std::move(*drivers);
    if (auto bound = binding::read_bound(state_))
        view_.ledger.bound = std::move(*bound);
    view_.latest = binding::latest_history(state_);
    view_.decide();
    const auto taken = policy::to_be_taken(view_.policies, view_.decisions, view_.inventory);
    view_.usage = kernel_.usage(view_.inventory, taken);
    view_.make_plan();
    for (const sysfs::Device& device : before.devices)
        if (view_.inventory.find(device.id) == nullptr)
            tell([&](bindd::Observer& o) { o.device_vanished(device.id); });
    for (const auto& [id, group] : before.groups)
        if (!view_.inventory.groups.contains(id))
            tell([&, gone = id](bindd::Observer& o) { o.group_vanished(gone); });
    for (const sysfs::Device& device : view_.inventory.devices)
        tell([&](bindd::Observer& o) {
            if (before.find(device.id) == nullptr)
                o.device_appeared(device.id);
            else
                o.device_changed(device.id);
        });
    for (const auto& [id, group] : view_.inventory.groups)
        tell([&, known = before.groups.contains(id), number = id](bindd::Observer& o) {
            known ? o.group_changed(number) : o.group_appeared(number);
        });
    tell([](bindd::Observer& o) { o.counts_changed(); });
}

binding::DeviceState ModelKeeper::state(const sysfs::Device& device) const {
    return view_.state(device);
}

bindd::GroupState ModelKeeper::group_state(int /*group*/) const {
    return bindd::GroupState::kSettled;
}

std::map<std::string, unsigned> ModelKeeper::counts() const {
    std::map<std::string, unsigned> counts;
    for (const sysfs::Device& device : view_.inventory.devices)
        ++counts[state(device).state];
    return counts;
}

std::string ModelKeeper::plan_json() const {
    return binding::dump(binding::plan_json(view_.plan));
}

sysfs::Result<std::string> ModelKeeper::explain_json(const sysfs::DeviceId& id) const {
    const sysfs::Device* device = view_.inventory.find(id);
    if (device == nullptr)
        return sysfs::fail(sysfs::Code::kNotFound, "explain", id.display(), "no such device");
    policy::Decision unmanaged;
    unmanaged.device = id;
    unmanaged.why = "no rule matches it: unmanaged, never touched";
    const policy::Decision* decision = view_.decision(id);
    return binding::dump(binding::explain_json(*device, view_.policies, decision == nullptr ? unmanaged : *decision,
                                               view_.transaction(id), view_.inventory));
}

sysfs::Result<JobId> ModelKeeper::submit(Request request) {
    for (const sysfs::DeviceId& id : request.devices)
        if (view_.inventory.find(id) == nullptr)
            return sysfs::fail(sysfs::Code::kNotFound, "find", id.display(), "no such device");
    Job job;
    job.id = ++last_;
    job.request = std::move(request);
    jobs_.emplace(job.id, std::move(job));
    while (jobs_.size() > kMostJobs && jobs_.begin()->second.ended())
        jobs_.erase(jobs_.begin());
    waiting_.push_back(last_);
    (void)sd_event_source_set_enabled(turn_, SD_EVENT_ONESHOT);
    return last_;
}

const Job* ModelKeeper::job(JobId id) const {
    const auto found = jobs_.find(id);
    return found == jobs_.end() ? nullptr : &found->second;
}

std::vector<JobId> ModelKeeper::jobs() const {
    std::vector<JobId> out;
    for (const auto& [id, job] : jobs_)
        out.push_back(id);
    return out;
}

sysfs::Result<void> ModelKeeper::cancel(JobId id) {
    const auto waiting = std::find(waiting_.begin(), waiting_.end(), id);
    if (waiting == waiting_.end())
        return sysfs::fail(sysfs::Code::kBusy, "cancel", "job " + std::to_string(id), "it has begun");
    waiting_.erase(waiting);
    Job& job = jobs_.at(id);
    job.error = sysfs::Error{.code = sysfs::Code::kFailed, .operation = {}, .object = {}, .reason = "cancelled", .hint = {}};
    end(job);
    return {};
}

int ModelKeeper::on_turn(sd_event_source* source, void* userdata) {
    auto& self = *static_cast<ModelKeeper*>(userdata);
    if (!self.waiting_.empty()) {
        const JobId id = self.waiting_.front();
        self.waiting_.pop_front();
        self.work(self.jobs_.at(id));
    }
    if (!self.waiting_.empty())
        (void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    return 0;
}

sysfs::Result<policy::Plan> ModelKeeper::planned_by_hand(const Request& request) {
    std::vector<policy::Rule> rules;
    for (const sysfs::DeviceId& id : request.devices) {
        const sysfs::Device* device = view_.inventory.find(id);
        if (device == nullptr)
            return sysfs::fail(sysfs::Code::kNotFound, "find", id.display(), "no such device");
        rules.push_back(policy::hand_rule(*device, request.wish));
    }
    std::vector<policy::Request> wishes;
    for (std::size_t i = 0; i < rules.size(); ++i)
        wishes.push_back({request.devices.at(i), &rules[i]});
    const auto drivers =
        kernel_.drivers(both(view_.policies.wanted(), policy::wanted_of(request.wish.driver)));
    if (!drivers)
        return sysfs::propagate(drivers);
    const auto decisions = policy::decide(view_.policies, view_.inventory, *drivers, wishes);
    const auto taken = policy::to_be_taken(view_.policies, decisions, view_.inventory);
    const auto usage = kernel_.usage(view_.inventory, taken);
    return policy::only(policy::make_plan(view_.policies, decisions, view_.inventory, *drivers, usage,
                                          request.wish.lifted),
                        request.devices);
}

sysfs::Result<policy::Plan> ModelKeeper::planned(const Request& request) {
    switch (request.kind) {
        case bindd::JobKind::kReconcile:
        case bindd::JobKind::kApply: return view_.plan;
        case bindd::JobKind::kBind: return planned_by_hand(request);
        case bindd::JobKind::kRelease:
            return binding::plan_release(kernel_, state_, view_.inventory, request.devices);
        case bindd::JobKind::kRollback:
            return binding::plan_rollback(kernel_, state_, view_.inventory, request.txn);
    }
    return view_.plan;
}

void ModelKeeper::work(Job& job) {
    look();
    job.state = bindd::JobState::kWorking;
    tell([&](bindd::Observer& o) { o.job_changed(job); });
    auto plan = planned(job.request);
    if (plan && job.request.errand == bindd::Errand::kCarryOut) {
        binding::ApplyOptions options;
        options.timeout = job.request.timeout;
        options.workers = 1;
        options.actor = job.request.asker.actor();
        options.action = bindd::job_kind_name(job.request.kind);
        options.on_warning = [&](const std::string& text) { job.warnings.push_back(text); };
        plan = binding::apply(kernel_, state_, std::move(*plan), options);
    }
    if (plan)
        job.plan = std::move(*plan);
    else
        job.error = plan.error();
    look();
    for (const policy::Transaction& transaction : job.plan.transactions)
        if (transaction.result)
            tell([&](bindd::Observer& o) { o.transaction_finished(job, transaction); });
    end(job);
}

void ModelKeeper::end(Job& job) {
    job.state = bindd::JobState::kEnded;
    job.ending = job.error ? bindd::Ending::kFailed : bindd::ending_of(job.plan, job.request.errand);
    tell([&](bindd::Observer& o) { o.job_ended(job); });
}

void ModelKeeper::open(OpenRequest request, std::function<void(sysfs::Result<Opened>)> done) {
    const sysfs::Device* device = view_.inventory.find(request.device);
    if (device == nullptr || !device->vfio || !device->vfio->group)
        return done(sysfs::fail(sysfs::Code::kRefused, "open", request.device.display(), "VFIO does not have it"));
    Opened opened{.backend = request.backend.empty() ? "type1v2" : request.backend, .fds = {}, .facts = {}};
    for (const char* name : {"group", "container", "device"})
        opened.fds.emplace_back(name, sysfs::UniqueFd(::eventfd(0, EFD_CLOEXEC)));
    opened.facts = {{"device_name", request.device.name}, {"iommu_group", *device->vfio->group}};
    done(std::move(opened));
}

void ModelKeeper::usage(std::vector<sysfs::DeviceId> devices,
                        std::function<void(sysfs::Result<sysfs::Usage>)> done) {
    done(kernel_.usage(view_.inventory, devices));
}

}  // namespace tests
