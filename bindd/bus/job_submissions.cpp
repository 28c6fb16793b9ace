// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/job_submissions.hpp"

#include <utility>

namespace bindd {

JobSubmissions::JobSubmissions(ControllerRunner& controller, Authority& authority,
                               const DevicePaths& paths)
    : controller_(controller), authority_(authority), paths_(paths) {
    controller_.subscribe(*this);
}

JobSubmissions::~JobSubmissions() {
    controller_.unsubscribe(*this);
}

void JobSubmissions::submit(JobRequest request, AuthorizedCaller authorized,
                            const BusCallback<JobId>& callback, JobEndHandler ended) {
    request.requester = std::move(authorized.requester);
    const auto disclosure =
        request.requester.uid == 0U ? Disclosure::kEverything : Disclosure::kCodes;
    const JobMode request_mode = request.mode;
    const auto id = controller_.submit(std::move(request));
    // Of a device that is stuck the error names the holder.
    if (!id)
        return callback(tl::unexpected(id.error().code == base::Code::kTimeout
                                           ? redact(to_bus_error(id.error()), disclosure)
                                           : to_bus_error(id.error())));
    RunningJob& running = running_[*id];
    running = {std::move(authorized.token), std::move(ended)};
    // Nobody gets to know the job of a plan.
    if (request_mode == JobMode::kExecute || !running.ended)
        on_job_created_(*id);
    callback(*id);
    // A job that needs no work has ended already, before this request was in the table.
    if (const Job* job = controller_.job(*id); job != nullptr && job->ended())
        job_ended(*job);
}

void JobSubmissions::job_ended(const Job& job) {
    const auto running = running_.extract(job.id);
    if (!running.empty() && running.mapped().ended)
        running.mapped().ended(job);
}

Questions JobSubmissions::named_questions(Action action, const Paths& named) const {
    Questions questions;
    for (const std::string& path : named) {
        if (questions.size() == DevicePaths::kMaxDevices)
            break;
        const sysfs::DeviceId* id = paths_.find(path);
        questions.insert({action, id == nullptr ? Details{{"address", path}}
                                                : device_details(controller_.view(), *id)});
    }
    return questions.empty() ? Questions{{action}} : questions;
}

void JobSubmissions::authorize(const Caller& caller, Action action, const Paths& named,
                               BusResult<JobRequest> request, BusCallback<Submission> callback) {
    const auto with_polkit = [this, caller, action, named, request,
                              callback](const AuthorizedCaller& authorized) {
        const auto refuse = [this, caller, questions = named_questions(action, named), authorized,
                             callback](const BusError& error) {
            authority_.ask(
                caller, authorized, questions,
                on_success<void>(callback, [callback, error] { callback(tl::unexpected(error)); }));
        };
        request ? ask_of_plan(caller, {*request, authorized}, refuse, callback)
                : refuse(request.error());
    };
    const auto next = [this, request = std::move(request), with_polkit,
                       callback](const AuthorizedCaller& authorized) {
        if (authorized.requester.uid == 0U)
            return callback(request.map([&](const JobRequest& valid) {
                return Submission{valid, authorized};
            }));
        authority_.require_polkit(
            on_success<void>(callback, [with_polkit, authorized] { with_polkit(authorized); }));
    };
    authority_.identify(caller, on_success<AuthorizedCaller>(callback, next));
}

void JobSubmissions::ask_of_plan(const Caller& caller, Submission submission,
                                 std::function<void(const BusError&)> refuse,
                                 BusCallback<Submission> callback) {
    JobRequest preview = submission.request;
    preview.mode = JobMode::kPlanOnly;
    const AuthorizedCaller authorized = submission.authorized;
    const auto refused = [refuse = std::move(refuse)](const BusResult<JobId>& planned) {
        if (!planned)
            refuse(planned.error());
    };
    const auto planned = [this, caller, submission = std::move(submission),
                          callback](const Job& job) mutable {
        // A plan that failed has no transactions; when it is executed its error is shown.
        submission.request.answered =
            plan_questions(controller_.view(), submission.request, job.plan);
        authority_.ask(
            caller, submission.authorized, *submission.request.answered,
            on_success<void>(callback, [callback, submission] { callback(submission); }));
    };
    submit(std::move(preview), authorized, refused, planned);
}

}  // namespace bindd
