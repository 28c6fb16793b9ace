// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/requests.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "binding/codec/json.hpp"
#include "binding/report/plan_report.hpp"
#include "policy/plan/bind_rule.hpp"
#include "sysfs/device/inventory.hpp"

namespace bindd {
namespace {

constexpr std::size_t kMaxDevices = 1024;

/// The devices that each word means, as vfioctl takes them.
BusResult<std::vector<sysfs::DeviceId>> resolve_devices(const sysfs::Inventory& inventory,
                                                        const std::vector<std::string>& words) {
    std::vector<sysfs::DeviceId> out;
    for (const std::string& word : words) {
        const auto found = sysfs::resolve(inventory, word);
        if (!found)
            return bus_error(BusErrorKind::kNoSuchDevice, word + ": no such device");
        out.insert(out.end(), found->begin(), found->end());
    }
    return out;
}

/// For who is answered when the job ends, or at once when it cannot begin.
template <typename T>
BusCallback<JobId> reply_on_refusal(const BusCallback<T>& callback) {
    return [callback](BusResult<JobId> id) {
        if (!id)
            callback(tl::unexpected(id.error()));
    };
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
    std::vector<Details> out;
    for (const std::string& path : paths) {
        if (out.size() == kMaxDevices)
            break;  // the request will be refused, but not before its caller was let in
        const sysfs::DeviceId* id = paths_.find(path);
        const sysfs::Device* device =
            id == nullptr ? nullptr : controller_.view().inventory.find(*id);
        out.push_back(device == nullptr ? path_details(path) : to_details(*device));
    }
    return out;
}

BusResult<std::vector<sysfs::DeviceId>> Requests::devices(const Paths& paths) const {
    if (paths.empty())
        return bus_error(BusErrorKind::kNoSuchDevice, "no device is named");
    if (paths.size() > kMaxDevices)
        return bus_error(BusErrorKind::kOptionNotPermitted, "too many devices at once");
    std::vector<sysfs::DeviceId> out;
    for (const std::string& path : paths) {
        const sysfs::DeviceId* id = paths_.find(path);
        if (id == nullptr)
            return bus_error(BusErrorKind::kNoSuchDevice, path + ": no such device");
        out.push_back(*id);
    }
    return out;
}

BusResult<JobRequest> Requests::with_devices(const Paths& paths,
                                             BusResult<JobRequest> request) const {
    if (!request)
        return request;
    auto found = devices(paths);
    if (!found)
        return tl::unexpected(found.error());
    request->devices = *std::move(found);
    return request;
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
    // One that could be answered at once has ended before anyone waited for it.
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
    authority_.check(caller, Action::kBind, details(paths),
                     [this, caller, paths, forced = has_force(options),
                      callback = std::move(callback)](BusResult<AuthorizedCaller> authorized) {
                         if (!authorized || !forced || authorized->requester.uid == 0U)
                             return callback(std::move(authorized));
                         authority_.check(caller, Action::kForce, details(paths), callback);
                     });
}

void Requests::bind(const Caller& caller, Paths paths, MethodOptions options,
                    BusCallback<JobId> callback) {
    check_bind(caller, paths, options,
               [this, paths, options,
                callback = std::move(callback)](BusResult<AuthorizedCaller> authorized) {
                   if (!authorized)
                       return callback(tl::unexpected(authorized.error()));
                   auto request = with_devices(paths, parse_bind_options(options));
                   if (!request)
                       return callback(tl::unexpected(request.error()));
                   submit(std::move(*request), std::move(*authorized), callback);
               });
}

void Requests::release(const Caller& caller, Paths paths, MethodOptions options,
                       BusCallback<JobId> callback) {
    check_bind(caller, paths, {},
               [this, paths, options = std::move(options),
                callback = std::move(callback)](BusResult<AuthorizedCaller> authorized) {
                   if (!authorized)
                       return callback(tl::unexpected(authorized.error()));
                   auto request =
                       with_devices(paths, parse_job_options(JobKind::kRelease, options));
                   if (!request)
                       return callback(tl::unexpected(request.error()));
                   if (const auto may = check_release_(request->devices); !may)
                       return callback(tl::unexpected(may.error()));
                   submit(std::move(*request), std::move(*authorized), callback);
               });
}

void Requests::apply(const Caller& caller, MethodOptions options, BusCallback<JobId> callback) {
    authority_.check(caller, Action::kApply, {},
                     [this, options = std::move(options),
                      callback = std::move(callback)](BusResult<AuthorizedCaller> authorized) {
                         if (!authorized)
                             return callback(tl::unexpected(authorized.error()));
                         auto request = parse_job_options(JobKind::kApply, options);
                         if (!request)
                             return callback(tl::unexpected(request.error()));
                         submit(std::move(*request), std::move(*authorized), callback);
                     });
}

void Requests::rollback(const Caller& caller, std::string txn, MethodOptions options,
                        BusCallback<JobId> callback) {
    authority_.check(caller, Action::kApply, {},
                     [this, txn = std::move(txn), options = std::move(options),
                      callback = std::move(callback)](BusResult<AuthorizedCaller> authorized) {
                         if (!authorized)
                             return callback(tl::unexpected(authorized.error()));
                         auto request = parse_job_options(JobKind::kRollback, options);
                         if (!request)
                             return callback(tl::unexpected(request.error()));
                         request->txn = txn;
                         submit(std::move(*request), std::move(*authorized), callback);
                     });
}

void Requests::cancel(const Caller& caller, JobId id, BusCallback<void> callback) {
    authority_.identify(caller, [this, id, callback = std::move(callback)](
                                    BusResult<AuthorizedCaller> authorized) {
        if (!authorized)
            return callback(tl::unexpected(authorized.error()));
        const Job* job = controller_.job(id);
        if (job == nullptr)
            return callback(bus_error(BusErrorKind::kFailed, "the job has been forgotten"));
        // One's own, from any connection: vfioctl's next one as well.
        if (authorized->requester.uid != 0U &&
            authorized->requester.uid != job->request.requester.uid)
            return callback(bus_error(BusErrorKind::kNotAuthorized, "it is another user's job"));
        if (const auto cancelled = controller_.cancel(id); !cancelled)
            return callback(tl::unexpected(to_bus_error(cancelled.error())));
        callback({});
    });
}

void Requests::reload(const Caller& caller, BusCallback<void> callback) {
    authority_.check(
        caller, Action::kReload, {},
        [this, callback = std::move(callback)](BusResult<AuthorizedCaller> authorized) {
            if (!authorized)
                return callback(tl::unexpected(authorized.error()));
            const auto reloaded = controller_.reload();
            if (!reloaded)
                return callback(bus_error(BusErrorKind::kPolicyInvalid, reloaded.error().text()));
            callback({});
        });
}

void Requests::plan(const Caller& caller, MethodOptions options,
                    BusCallback<std::string> callback) {
    authority_.identify(
        caller, [this, options = std::move(options),
                 callback = std::move(callback)](BusResult<AuthorizedCaller> authorized) {
            if (!authorized)
                return callback(tl::unexpected(authorized.error()));
            const auto words = read_text_list(options, "devices");
            if (!words)
                return callback(tl::unexpected(words.error()));
            const auto only = resolve_devices(controller_.view().inventory, *words);
            if (!only)
                return callback(tl::unexpected(only.error()));
            submit({.kind = JobKind::kApply, .mode = JobMode::kPlanOnly}, std::move(*authorized),
                   reply_on_refusal(callback), [callback, only = *only](const Job& job) {
                       if (job.error)
                           return callback(tl::unexpected(to_bus_error(*job.error)));
                       binding::Json json = {{"schema", "vfioctl/1"}};
                       json.update(binding::plan_json(
                           only.empty() ? job.plan : policy::filter_plan(job.plan, only)));
                       json["warnings"] = job.warnings;
                       callback(binding::dump(json));
                   });
        });
}

void Requests::open(const Caller& caller, std::string path, MethodOptions options,
                    BusCallback<OpenedDevice> callback) {
    authority_.check(caller, Action::kOpen, details({path}),
                     [this, path, options = std::move(options),
                      callback = std::move(callback)](BusResult<AuthorizedCaller> authorized) {
                         if (!authorized)
                             return callback(tl::unexpected(authorized.error()));
                         const auto backend = parse_open_options(options);
                         if (!backend)
                             return callback(tl::unexpected(backend.error()));
                         const auto found = devices({path});
                         if (!found)
                             return callback(tl::unexpected(found.error()));
                         controller_.open(
                             {found->front(), *backend}, [callback, token = authorized->token](
                                                             base::Result<OpenedDevice> opened) {
                                 if (!opened)
                                     return callback(tl::unexpected(to_bus_error(opened.error())));
                                 callback(std::move(*opened));
                             });
                     });
}

std::vector<sysfs::DeviceId> Requests::unmanaged_devices(
    const std::vector<sysfs::DeviceId>& devices) const {
    std::vector<sysfs::DeviceId> out;
    for (const sysfs::DeviceId& id : devices)
        if (!controller_.view().journal_state.bound.contains(id))
            out.push_back(id);
    return out;
}

/// All of a claim or nothing: what was bound of it before the rest could not be.
void Requests::release_claimed(const Claimed& claimed) {
    JobRequest request{.kind = JobKind::kRelease};
    for (const sysfs::DeviceId& id : claimed.taken)
        if (controller_.view().journal_state.bound.contains(id))
            request.devices.push_back(id);
    request.requester = claimed.authorized.requester;
    // Why it could not be had is the answer; that giving back could not be begun shows in the
    // devices' states.
    if (!request.devices.empty())
        (void)controller_.submit(std::move(request));
}

void Requests::claim(const Caller& caller, Paths paths, MethodOptions options, Precondition may,
                     BusCallback<Claimed> callback) {
    check_bind(
        caller, paths, options,
        [this, paths, options, may = std::move(may),
         callback = std::move(callback)](BusResult<AuthorizedCaller> authorized) {
            if (!authorized)
                return callback(tl::unexpected(authorized.error()));
            auto request = with_devices(paths, parse_claim_options(options));
            if (!request)
                return callback(tl::unexpected(request.error()));
            if (const auto allowed = may(request->devices); !allowed)
                return callback(tl::unexpected(allowed.error()));
            Claimed claimed{*authorized, request->devices, unmanaged_devices(request->devices)};
            submit(std::move(*request), std::move(*authorized), reply_on_refusal(callback),
                   [this, callback, claimed = std::move(claimed)](const Job& job) {
                       if (!job.error && job.ending == Ending::kDone)
                           return callback(claimed);
                       release_claimed(claimed);
                       callback(tl::unexpected(to_bus_error(job)));
                   });
        });
}

}  // namespace bindd
