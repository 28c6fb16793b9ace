// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus_requests.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "binding/json.hpp"
#include "binding/report.hpp"
#include "policy/hand_rule.hpp"
#include "sysfs/inventory.hpp"

namespace bindd {
namespace {

constexpr std::size_t kMostDevices = 1024;

/// The devices that each word means, as vfioctl takes them.
Answer<std::vector<sysfs::DeviceId>> resolved(const sysfs::Inventory& inventory,
                                              const std::vector<std::string>& words) {
    std::vector<sysfs::DeviceId> out;
    for (const std::string& word : words) {
        const auto found = sysfs::resolve(inventory, word);
        if (!found)
            return fault(FaultKind::kNoSuchDevice, word + ": no such device");
        out.insert(out.end(), found->begin(), found->end());
    }
    return out;
}

/// For who is answered when the job ends, or at once when it cannot begin.
template <typename T>
Answered<JobId> only_refusals(const Answered<T>& answered) {
    return [answered](Answer<JobId> id) {
        if (!id)
            answered(tl::unexpected(id.error()));
    };
}

}  // namespace

Requests::Requests(Keeper& keeper, Authority& authority, const DevicePaths& paths)
    : keeper_(keeper), authority_(authority), paths_(paths) {
    keeper_.observe(*this);
}

Requests::~Requests() {
    keeper_.forget(*this);
}

std::vector<Details> Requests::details(const Paths& paths) const {
    std::vector<Details> out;
    for (const std::string& path : paths) {
        if (out.size() == kMostDevices)
            break;  // the request will be refused, but not before its caller was let in
        const sysfs::DeviceId* id = paths_.find(path);
        const sysfs::Device* device = id == nullptr ? nullptr : keeper_.view().inventory.find(*id);
        out.push_back(device == nullptr ? details_of_path(path) : details_of(*device));
    }
    return out;
}

Answer<std::vector<sysfs::DeviceId>> Requests::devices(const Paths& paths) const {
    if (paths.empty())
        return fault(FaultKind::kNoSuchDevice, "no device is named");
    if (paths.size() > kMostDevices)
        return fault(FaultKind::kOptionNotPermitted, "too many devices at once");
    std::vector<sysfs::DeviceId> out;
    for (const std::string& path : paths) {
        const sysfs::DeviceId* id = paths_.find(path);
        if (id == nullptr)
            return fault(FaultKind::kNoSuchDevice, path + ": no such device");
        out.push_back(*id);
    }
    return out;
}

Answer<Request> Requests::about(const Paths& paths, Answer<Request> request) const {
    if (!request)
        return request;
    auto found = devices(paths);
    if (!found)
        return tl::unexpected(found.error());
    request->devices = *std::move(found);
    return request;
}

void Requests::submit(Request request, Admitted admitted, const Answered<JobId>& answered, Ended ended) {
    request.asker = std::move(admitted.asker);
    const auto id = keeper_.submit(std::move(request));
    if (!id)
        return answered(tl::unexpected(fault_of(id.error())));
    Running& running = running_[*id];
    running = {std::move(admitted.ticket), std::move(ended)};
    begun_(*id);
    answered(*id);
    // One that could be answered at once has ended before anyone waited for it.
    if (const Job* job = keeper_.job(*id); job != nullptr && job->ended())
        job_ended(*job);
}

void Requests::job_ended(const Job& job) {
    const auto running = running_.extract(job.id);
    if (!running.empty() && running.mapped().ended)
        running.mapped().ended(job);
}

void Requests::check_bind(const Caller& caller, const Paths& paths, const Options& options,
                          Answered<Admitted> answered) {
    authority_.check(caller, Action::kBind, details(paths),
                     [this, caller, paths, forced = forces(options),
                      answered = std::move(answered)](Answer<Admitted> admitted) {
                         if (!admitted || !forced || admitted->asker.uid == 0U)
                             return answered(std::move(admitted));
                         authority_.check(caller, Action::kForce, details(paths), answered);
                     });
}

void Requests::bind(const Caller& caller, Paths paths, Options options, Answered<JobId> answered) {
    check_bind(caller, paths, options,
               [this, paths, options, answered = std::move(answered)](Answer<Admitted> admitted) {
                   if (!admitted)
                       return answered(tl::unexpected(admitted.error()));
                   auto request = about(paths, bind_request(options));
                   if (!request)
                       return answered(tl::unexpected(request.error()));
                   submit(std::move(*request), std::move(*admitted), answered);
               });
}

void Requests::release(const Caller& caller, Paths paths, Options options, Answered<JobId> answered) {
    check_bind(caller, paths, {},
               [this, paths, options = std::move(options),
                answered = std::move(answered)](Answer<Admitted> admitted) {
                   if (!admitted)
                       return answered(tl::unexpected(admitted.error()));
                   auto request = about(paths, plain_request(JobKind::kRelease, options));
                   if (!request)
                       return answered(tl::unexpected(request.error()));
                   if (const auto may = may_release_(request->devices); !may)
                       return answered(tl::unexpected(may.error()));
                   submit(std::move(*request), std::move(*admitted), answered);
               });
}

void Requests::apply(const Caller& caller, Options options, Answered<JobId> answered) {
    authority_.check(caller, Action::kApply, {},
                     [this, options = std::move(options),
                      answered = std::move(answered)](Answer<Admitted> admitted) {
                         if (!admitted)
                             return answered(tl::unexpected(admitted.error()));
                         auto request = plain_request(JobKind::kApply, options);
                         if (!request)
                             return answered(tl::unexpected(request.error()));
                         submit(std::move(*request), std::move(*admitted), answered);
                     });
}

void Requests::rollback(const Caller& caller, std::string txn, Options options, Answered<JobId> answered) {
    authority_.check(caller, Action::kApply, {},
                     [this, txn = std::move(txn), options = std::move(options),
                      answered = std::move(answered)](Answer<Admitted> admitted) {
                         if (!admitted)
                             return answered(tl::unexpected(admitted.error()));
                         auto request = plain_request(JobKind::kRollback, options);
                         if (!request)
                             return answered(tl::unexpected(request.error()));
                         request->txn = txn;
                         submit(std::move(*request), std::move(*admitted), answered);
                     });
}

void Requests::cancel(const Caller& caller, JobId id, Answered<void> answered) {
    authority_.identify(caller, [this, id, answered = std::move(answered)](Answer<Admitted> admitted) {
        if (!admitted)
            return answered(tl::unexpected(admitted.error()));
        const Job* job = keeper_.job(id);
        if (job == nullptr)
            return answered(fault(FaultKind::kFailed, "the job has been forgotten"));
        // One's own, from any connection: vfioctl's next one as well.
        if (admitted->asker.uid != 0U && admitted->asker.uid != job->request.asker.uid)
            return answered(fault(FaultKind::kNotAuthorized, "it is another user's job"));
        if (const auto cancelled = keeper_.cancel(id); !cancelled)
            return answered(tl::unexpected(fault_of(cancelled.error())));
        answered({});
    });
}

void Requests::reload(const Caller& caller, Answered<void> answered) {
    authority_.check(caller, Action::kReload, {},
                     [this, answered = std::move(answered)](Answer<Admitted> admitted) {
                         if (!admitted)
                             return answered(tl::unexpected(admitted.error()));
                         const auto reloaded = keeper_.reload(admitted->asker);
                         if (!reloaded)
                             return answered(
                                 fault(FaultKind::kPolicyInvalid, reloaded.error().text()));
                         answered({});
                     });
}

void Requests::plan(const Caller& caller, Options options, Answered<std::string> answered) {
    authority_.identify(caller, [this, options = std::move(options),
                                 answered = std::move(answered)](Answer<Admitted> admitted) {
        if (!admitted)
            return answered(tl::unexpected(admitted.error()));
        const auto words = only_texts(options, "devices");
        if (!words)
            return answered(tl::unexpected(words.error()));
        const auto only = resolved(keeper_.view().inventory, *words);
        if (!only)
            return answered(tl::unexpected(only.error()));
        submit({.kind = JobKind::kApply, .errand = Errand::kPlanOnly}, std::move(*admitted), only_refusals(answered),
               [answered, only = *only](const Job& job) {
                   if (job.error)
                       return answered(tl::unexpected(fault_of(*job.error)));
                   binding::Json json = {{"schema", "vfioctl/1"}};
                   json.update(binding::plan_json(only.empty() ? job.plan : policy::only(job.plan, only)));
                   json["warnings"] = job.warnings;
                   answered(binding::dump(json));
               });
    });
}

void Requests::open(const Caller& caller, std::string path, Options options,
                    Answered<Keeper::Opened> answered) {
    authority_.check(
        caller, Action::kOpen, details({path}),
        [this, path, options = std::move(options), answered = std::move(answered)](Answer<Admitted> admitted) {
            if (!admitted)
                return answered(tl::unexpected(admitted.error()));
            const auto backend = open_backend(options);
            if (!backend)
                return answered(tl::unexpected(backend.error()));
            const auto found = devices({path});
            if (!found)
                return answered(tl::unexpected(found.error()));
            keeper_.open({found->front(), *backend},
                         [answered, ticket = admitted->ticket](sysfs::Result<Keeper::Opened> opened) {
                             if (!opened)
                                 return answered(tl::unexpected(fault_of(opened.error())));
                             answered(std::move(*opened));
                         });
        });
}

std::vector<sysfs::DeviceId> Requests::not_ours(const std::vector<sysfs::DeviceId>& devices) const {
    std::vector<sysfs::DeviceId> out;
    for (const sysfs::DeviceId& id : devices)
        if (!keeper_.view().ledger.bound.contains(id))
            out.push_back(id);
    return out;
}

/// All of a claim or nothing: what was bound of it before the rest could not be.
void Requests::give_back(const Claimed& claimed) {
    Request request{.kind = JobKind::kRelease};
    for (const sysfs::DeviceId& id : claimed.taken)
        if (keeper_.view().ledger.bound.contains(id))
            request.devices.push_back(id);
    request.asker = claimed.admitted.asker;
    // Why it could not be had is the answer; that giving back could not be begun shows in the devices' states.
    if (!request.devices.empty())
        (void)keeper_.submit(std::move(request));
}

void Requests::claim(const Caller& caller, Paths paths, Options options, May may,
                     Answered<Claimed> answered) {
    check_bind(
        caller, paths, options,
        [this, paths, options, may = std::move(may), answered = std::move(answered)](Answer<Admitted> admitted) {
            if (!admitted)
                return answered(tl::unexpected(admitted.error()));
            auto request = about(paths, claim_request(options));
            if (!request)
                return answered(tl::unexpected(request.error()));
            if (const auto allowed = may(request->devices); !allowed)
                return answered(tl::unexpected(allowed.error()));
            Claimed claimed{*admitted, request->devices, not_ours(request->devices)};
            submit(std::move(*request), std::move(*admitted), only_refusals(answered),
                   [this, answered, claimed = std::move(claimed)](const Job& job) {
                       if (!job.error && job.ending == Ending::kDone)
                           return answered(claimed);
                       give_back(claimed);
                       answered(tl::unexpected(fault_of(job)));
                   });
        });
}

}  // namespace bindd
