// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/requests.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/try.hpp"
#include "binding/codec/json.hpp"
#include "binding/report/plan_report.hpp"
#include "policy/plan/bind_rule.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/device/resolve.hpp"

namespace bindd {
namespace {

const Requests::Precondition kNoPrecondition = [](const auto&) { return BusResult<void>(); };

/// As `vfioctl plan --json`; only the transactions of `devices`, unless that is empty.
BusResult<std::string> plan_document(const Job& job, const std::vector<sysfs::DeviceId>& devices,
                                     Disclosure disclosure) {
    if (job.error)
        return tl::unexpected(redact(to_bus_error(*job.error), disclosure));
    binding::Json json = {{"schema", "vfioctl/1"}};
    json.update(binding::plan_json(
        redact(devices.empty() ? job.plan : policy::filter_plan(job.plan, devices), disclosure)));
    json["warnings"] = job.warnings;
    return binding::dump(json);
}

}  // namespace

BusResult<std::vector<sysfs::DeviceId>> Requests::devices(const Paths& paths) const {
    return paths_.find_all(paths);
}

BusCallback<Submission> Requests::submit_when_authorized(Precondition may,
                                                         BusCallback<JobId> callback) {
    const auto next = [this, may = std::move(may), callback](Submission submission) {
        if (const auto allowed = may(submission.request.devices); !allowed)
            return callback(tl::unexpected(allowed.error()));
        jobs_.submit(std::move(submission.request), std::move(submission.authorized), callback);
    };
    return on_success<Submission>(callback, next);
}

BusResult<JobRequest> Requests::with_devices(BusResult<JobRequest> request,
                                             const Paths& paths) const {
    if (request)
        request->devices = TRY(devices(paths));
    return request;
}

void Requests::bind(const Caller& caller, const Paths& paths, const MethodOptions& options,
                    BusCallback<JobId> callback) {
    jobs_.authorize(caller, Action::kBind, paths, with_devices(parse_bind_options(options), paths),
                    submit_when_authorized(kNoPrecondition, std::move(callback)));
}

void Requests::release(const Caller& caller, const Paths& paths, const MethodOptions& options,
                       BusCallback<JobId> callback) {
    jobs_.authorize(caller, Action::kBind, paths,
                    with_devices(parse_job_options(JobKind::kRelease, options), paths),
                    submit_when_authorized(check_release_, std::move(callback)));
}

void Requests::apply(const Caller& caller, const MethodOptions& options,
                     BusCallback<JobId> callback) {
    const auto files_are_valid = [this](const std::vector<sysfs::DeviceId>&) {
        return to_policy_result(controller_.read_changed_policies());
    };
    const auto limit = [&](JobRequest request) -> BusResult<JobRequest> {
        request.devices =
            TRY(read_devices_option(options, "devices", controller_.view().inventory));
        return request;
    };
    auto request = parse_job_options(JobKind::kApply, options).and_then(limit);
    jobs_.authorize(caller, Action::kApply, {}, std::move(request),
                    submit_when_authorized(files_are_valid, std::move(callback)));
}

void Requests::rollback(const Caller& caller, std::string txn, const MethodOptions& options,
                        BusCallback<JobId> callback) {
    auto request = parse_job_options(JobKind::kRollback, options);
    if (request)
        request->txn = std::move(txn);
    jobs_.authorize(caller, Action::kApply, {}, std::move(request),
                    submit_when_authorized(kNoPrecondition, std::move(callback)));
}

BusResult<void> Requests::cancel_job(const Requester& requester, JobId id) {
    const Job* job = controller_.job(id);
    if (job == nullptr)
        return bus_error(BusErrorKind::kFailed, "the job has been forgotten");
    // Any connection of the same user may cancel it.
    if (requester.uid != 0U && requester.uid != job->request.requester.uid)
        return bus_error(BusErrorKind::kNotAuthorized, "it is another user's job");
    return to_bus_result(controller_.cancel(id));
}

void Requests::cancel(const Caller& caller, JobId id, BusCallback<void> callback) {
    const auto next = [this, id, callback](const AuthorizedCaller& authorized) {
        callback(cancel_job(authorized.requester, id));
    };
    authority_.identify(caller, on_success<AuthorizedCaller>(callback, next));
}

void Requests::reload(const Caller& caller, BusCallback<void> callback) {
    const auto next = [this, callback](const AuthorizedCaller&) {
        callback(controller_.reload().map_error([](const base::Error& error) {
            return BusError{BusErrorKind::kPolicyInvalid, error.text()};
        }));
    };
    authority_.check(caller, {{Action::kReload}}, on_success<AuthorizedCaller>(callback, next));
}

void Requests::plan(const Caller& caller, MethodOptions options,
                    BusCallback<std::string> callback) {
    const auto next = [this, options = std::move(options),
                       callback](std::pair<AuthorizedCaller, Disclosure> inspected) {
        auto only = parse_devices_option(options, "devices", controller_.view().inventory);
        if (const auto valid = to_policy_result(controller_.read_changed_policies()); !valid)
            only = tl::unexpected(valid.error());
        if (!only)
            return callback(tl::unexpected(only.error()));
        jobs_.submit({.kind = JobKind::kApply, .mode = JobMode::kPlanOnly},
                     std::move(inspected.first), reply_on_refusal(callback),
                     [callback, only = *only, disclosure = inspected.second](const Job& job) {
                         callback(plan_document(job, only, disclosure));
                     });
    };
    inspection_.identify_and_ask(
        caller, on_success<std::pair<AuthorizedCaller, Disclosure>>(callback, next));
}

void Requests::explain(const Caller& caller, const sysfs::DeviceId& id,
                       BusCallback<std::string> callback) {
    const auto next = [this, id, callback](std::pair<AuthorizedCaller, Disclosure> inspected) {
        const auto explained =
            controller_.explain_json(id, inspected.second).and_then([](const std::string& text) {
                return binding::parse_json(text, binding::kRecordLimits);
            });
        if (!explained)
            return callback(tl::unexpected(to_bus_error(explained.error())));
        binding::Json json = {{"schema", "vfioctl/1"}};
        json.update(*explained);
        json["warnings"] = controller_.view().warnings;
        callback(binding::dump(json));
    };
    inspection_.identify_and_ask(
        caller, on_success<std::pair<AuthorizedCaller, Disclosure>>(callback, next));
}

BusResult<ControllerRunner::OpenRequest> Requests::open_request(
    const std::string& path, const MethodOptions& options) const {
    const std::string backend = TRY(parse_open_options(options));
    return ControllerRunner::OpenRequest{TRY(devices({path})).front(), backend};
}

void Requests::open(const Caller& caller, const std::string& path, const MethodOptions& options,
                    BusCallback<OpenedDevice> callback) {
    const auto request = open_request(path, options);
    const Questions questions =
        request ? open_questions(controller_.view(), request->device, request->backend)
                : jobs_.named_questions(Action::kOpen, {path});
    const auto next = [this, request, questions, callback](const AuthorizedCaller& authorized) {
        if (!request)
            return callback(tl::unexpected(request.error()));
        if (questions != open_questions(controller_.view(), request->device, request->backend))
            return callback(bus_error(BusErrorKind::kNotAuthorized,
                                      "the device or its group has changed meanwhile"));
        controller_.open(*request,
                         [callback, token = authorized.token](base::Result<OpenedDevice> opened) {
                             callback(to_bus_result(std::move(opened)));
                         });
    };
    authority_.check(caller, questions, on_success<AuthorizedCaller>(callback, next));
}

std::vector<sysfs::DeviceId> Requests::unmanaged_devices(
    const std::vector<sysfs::DeviceId>& devices) const {
    std::vector<sysfs::DeviceId> out;
    for (const sysfs::DeviceId& id : devices)
        if (!controller_.view().journal_state.bound.contains(id))
            out.push_back(id);
    return out;
}

/// A claim gets all of its devices or none: releases those that were bound before one failed.
void Requests::release_claimed(const Claimed& claimed) {
    JobRequest request{.kind = JobKind::kRelease};
    for (const sysfs::DeviceId& id : claimed.taken)
        if (controller_.view().journal_state.bound.contains(id))
            request.devices.push_back(id);
    request.requester = claimed.authorized.requester;
    // The caller gets the reason of the first failure. If this one fails, the devices' states show
    // it.
    if (!request.devices.empty())
        (void)controller_.submit(std::move(request));
}

/// The claim holds all of its transactions: group peers were bound for it, and are released with
/// it.
void Requests::add_taken_along(const policy::Plan& plan, Claimed& claimed) {
    const auto add = [](std::vector<sysfs::DeviceId>& to, const sysfs::DeviceId& id) {
        if (std::find(to.begin(), to.end(), id) == to.end())
            to.push_back(id);
    };
    for (const policy::Transaction& transaction : plan.transactions)
        for (const policy::Change& change : transaction.changes)
            if (change.taken_along) {
                add(claimed.devices, change.target.id);
                add(claimed.taken, change.target.id);
            }
}

void Requests::execute_claim(const Caller& caller, Submission submission,
                             BusCallback<Claimed> callback) {
    const auto& devices = submission.request.devices;
    Claimed claimed{submission.authorized, devices, unmanaged_devices(devices)};
    jobs_.submit(
        std::move(submission.request), std::move(submission.authorized), reply_on_refusal(callback),
        [this, caller, callback, claimed = std::move(claimed)](const Job& job) mutable {
            if (!job.error && job.ending == Ending::kDone) {
                add_taken_along(job.plan, claimed);
                return callback(claimed);
            }
            release_claimed(claimed);
            inspection_.ask(caller, claimed.authorized, [callback, job](Disclosure disclosure) {
                callback(tl::unexpected(to_bus_error(job, disclosure)));
            });
        });
}

void Requests::claim(const Caller& caller, const Paths& paths, const MethodOptions& options,
                     Precondition may, BusCallback<Claimed> callback) {
    const auto next = [this, caller, may = std::move(may), callback](Submission submission) {
        if (const auto allowed = may(submission.request.devices); !allowed)
            return callback(tl::unexpected(allowed.error()));
        execute_claim(caller, std::move(submission), callback);
    };
    jobs_.authorize(caller, Action::kBind, paths, with_devices(parse_claim_options(options), paths),
                    on_success<Submission>(callback, next));
}

}  // namespace bindd
