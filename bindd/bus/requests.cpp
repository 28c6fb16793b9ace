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

/// For a caller that is answered when the job ends, or at once if there is no job.
template <typename T>
BusCallback<JobId> reply_on_refusal(const BusCallback<T>& callback) {
    return on_success<JobId>(callback, [](JobId) {});
}

/// As `vfioctl plan --json`; only the transactions of `devices`, unless that is empty.
BusResult<std::string> plan_document(const Job& job, const std::vector<sysfs::DeviceId>& devices) {
    if (job.error)
        return tl::unexpected(to_bus_error(*job.error));
    binding::Json json = {{"schema", "vfioctl/1"}};
    json.update(
        binding::plan_json(devices.empty() ? job.plan : policy::filter_plan(job.plan, devices)));
    json["warnings"] = job.warnings;
    return binding::dump(json);
}

}  // namespace

Requests::Requests(ControllerRunner& controller, Authority& authority, const DevicePaths& paths)
    : controller_(controller), authority_(authority), paths_(paths) {
    controller_.subscribe(*this);
}

Requests::~Requests() {
    controller_.unsubscribe(*this);
}

std::vector<Details> Requests::details(const Paths& paths) const {
    return to_details(paths, paths_, controller_.view().inventory);
}

BusResult<std::vector<sysfs::DeviceId>> Requests::devices(const Paths& paths) const {
    return paths_.find_all(paths);
}

void Requests::submit(JobRequest request, AuthorizedCaller authorized,
                      const BusCallback<JobId>& callback, JobEndHandler ended) {
    request.requester = std::move(authorized.requester);
    const auto id = controller_.submit(std::move(request));
    if (!id)
        return callback(tl::unexpected(to_bus_error(id.error())));
    RunningRequest& running = running_[*id];
    running = {std::move(authorized.token), std::move(ended)};
    on_job_created_(*id);
    callback(*id);
    // A job that needs no work has ended already, before this request was in the table.
    if (const Job* job = controller_.job(*id); job != nullptr && job->ended())
        job_ended(*job);
}

void Requests::job_ended(const Job& job) {
    const auto running = running_.extract(job.id);
    if (!running.empty() && running.mapped().ended)
        running.mapped().ended(job);
}

void Requests::check_bind(const Caller& caller, const Paths& paths, const MethodOptions& options,
                          BusCallback<AuthorizedCaller> callback) {
    const auto check_force = [this, caller, paths, forced = has_force(options),
                              callback](AuthorizedCaller authorized) {
        if (!forced || authorized.requester.uid == 0U)
            return callback(std::move(authorized));
        authority_.check(caller, Action::kForce, details(paths), callback);
    };
    authority_.check(caller, Action::kBind, details(paths),
                     on_success<AuthorizedCaller>(callback, check_force));
}

BusCallback<AuthorizedCaller> Requests::submit_when_authorized(MakeRequest make,
                                                               BusCallback<JobId> callback) {
    const auto next = [this, make = std::move(make), callback](AuthorizedCaller authorized) {
        auto request = make();
        if (!request)
            return callback(tl::unexpected(request.error()));
        submit(*std::move(request), std::move(authorized), callback);
    };
    return on_success<AuthorizedCaller>(callback, next);
}

void Requests::bind(const Caller& caller, Paths paths, MethodOptions options,
                    BusCallback<JobId> callback) {
    const auto make = [this, paths, options]() -> BusResult<JobRequest> {
        JobRequest request = TRY(parse_bind_options(options));
        request.devices = TRY(devices(paths));
        return request;
    };
    check_bind(caller, paths, options, submit_when_authorized(make, std::move(callback)));
}

void Requests::release(const Caller& caller, Paths paths, MethodOptions options,
                       BusCallback<JobId> callback) {
    const auto make = [this, paths, options = std::move(options)]() -> BusResult<JobRequest> {
        JobRequest request = TRY(parse_job_options(JobKind::kRelease, options));
        request.devices = TRY(devices(paths));
        TRY(check_release_(request.devices));
        return request;
    };
    check_bind(caller, paths, {}, submit_when_authorized(make, std::move(callback)));
}

void Requests::apply(const Caller& caller, MethodOptions options, BusCallback<JobId> callback) {
    const auto make = [options = std::move(options)] {
        return parse_job_options(JobKind::kApply, options);
    };
    authority_.check(caller, Action::kApply, {}, submit_when_authorized(make, std::move(callback)));
}

void Requests::rollback(const Caller& caller, std::string txn, MethodOptions options,
                        BusCallback<JobId> callback) {
    const auto make = [txn = std::move(txn),
                       options = std::move(options)]() -> BusResult<JobRequest> {
        JobRequest request = TRY(parse_job_options(JobKind::kRollback, options));
        request.txn = txn;
        return request;
    };
    authority_.check(caller, Action::kApply, {}, submit_when_authorized(make, std::move(callback)));
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
    authority_.check(caller, Action::kReload, {}, on_success<AuthorizedCaller>(callback, next));
}

void Requests::plan(const Caller& caller, MethodOptions options,
                    BusCallback<std::string> callback) {
    const auto next = [this, options = std::move(options), callback](AuthorizedCaller authorized) {
        const auto only = parse_devices_option(options, "devices", controller_.view().inventory);
        if (!only)
            return callback(tl::unexpected(only.error()));
        submit({.kind = JobKind::kApply, .mode = JobMode::kPlanOnly}, std::move(authorized),
               reply_on_refusal(callback),
               [callback, only = *only](const Job& job) { callback(plan_document(job, only)); });
    };
    authority_.identify(caller, on_success<AuthorizedCaller>(callback, next));
}

BusResult<ControllerRunner::OpenRequest> Requests::open_request(
    const std::string& path, const MethodOptions& options) const {
    const std::string backend = TRY(parse_open_options(options));
    return ControllerRunner::OpenRequest{TRY(devices({path})).front(), backend};
}

void Requests::open(const Caller& caller, std::string path, MethodOptions options,
                    BusCallback<OpenedDevice> callback) {
    const auto next = [this, path, options = std::move(options),
                       callback](const AuthorizedCaller& authorized) {
        auto request = open_request(path, options);
        if (!request)
            return callback(tl::unexpected(request.error()));
        controller_.open(*std::move(request),
                         [callback, token = authorized.token](base::Result<OpenedDevice> opened) {
                             callback(to_bus_result(std::move(opened)));
                         });
    };
    authority_.check(caller, Action::kOpen, details({path}),
                     on_success<AuthorizedCaller>(callback, next));
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

BusResult<JobRequest> Requests::claim_request(const Paths& paths, const MethodOptions& options,
                                              const Precondition& may) const {
    JobRequest request = TRY(parse_claim_options(options));
    request.devices = TRY(devices(paths));
    TRY(may(request.devices));
    return request;
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

void Requests::claim(const Caller& caller, Paths paths, MethodOptions options, Precondition may,
                     BusCallback<Claimed> callback) {
    const auto next = [this, paths, options, may = std::move(may),
                       callback](const AuthorizedCaller& authorized) {
        auto request = claim_request(paths, options, may);
        if (!request)
            return callback(tl::unexpected(request.error()));
        Claimed claimed{authorized, request->devices, unmanaged_devices(request->devices)};
        submit(*std::move(request), authorized, reply_on_refusal(callback),
               [this, callback, claimed = std::move(claimed)](const Job& job) mutable {
                   if (!job.error && job.ending == Ending::kDone) {
                       add_taken_along(job.plan, claimed);
                       return callback(claimed);
                   }
                   release_claimed(claimed);
                   callback(tl::unexpected(to_bus_error(job)));
               });
    };
    check_bind(caller, paths, options, on_success<AuthorizedCaller>(callback, next));
}

}  // namespace bindd
