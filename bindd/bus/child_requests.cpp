// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/child_requests.hpp"

#include <utility>

#include "base/try.hpp"
#include "binding/codec/validate.hpp"
#include "binding/mdevctl/mdev_definition.hpp"
#include "policy/plan/driver_children.hpp"
#include "policy/plan/mdev_requests.hpp"

namespace bindd {

BusResult<JobRequest> ChildRequests::vfs_request(const std::string& pf, std::uint32_t count,
                                                 const MethodOptions& options) const {
    JobRequest request = TRY(parse_job_options(JobKind::kSetVfs, options));
    request.devices = TRY(paths_.find_all({pf}));
    request.vfs = count;
    return request;
}

BusResult<JobRequest> ChildRequests::create_request(const std::string& parent, std::string type,
                                                    const MethodOptions& options) const {
    JobRequest request = TRY(parse_job_options(JobKind::kCreateMdev, options));
    request.devices = TRY(paths_.find_all({parent}));
    policy::MdevSpec& mdev = request.mdev;
    mdev.type = std::move(type);
    const sysfs::Inventory& inventory = controller_.view().inventory;
    const sysfs::Device* device = inventory.find(request.devices.front());
    if (device != nullptr && device->vgpu && !mdev.uuid)
        mdev.count = 1;
    else if (!mdev.uuid)
        mdev.uuid = binding::new_uuid();
    if (const auto valid = binding::validate(mdev); !valid)
        return bus_error(BusErrorKind::kOptionNotPermitted, valid.error().text());
    return request;
}

/// A rule that wants an mdev which is there has it; who asks for a new one has not.
BusResult<void> ChildRequests::check_uuid(const JobRequest& request) const {
    const auto& uuid = request.mdev.uuid;
    const sysfs::Device* taken = controller_.view().inventory.find({"mdev", uuid.value_or("")});
    if (request.kind != JobKind::kCreateMdev || taken == nullptr || !taken->mdev)
        return {};
    return bus_error(BusErrorKind::kBusy, *uuid + ": exists already, of type " + taken->mdev->type +
                                              " on " + taken->mdev->parent);
}

BusResult<JobRequest> ChildRequests::remove_request(const std::string& uuid,
                                                    const MethodOptions& options) const {
    JobRequest request = TRY(parse_job_options(JobKind::kRemoveMdev, options));
    const sysfs::Inventory& inventory = controller_.view().inventory;
    const sysfs::Device* mdev = inventory.find({"mdev", uuid});
    const sysfs::Device* parent =
        mdev == nullptr ? nullptr : policy::driver_parent(*mdev, inventory);
    if (parent == nullptr)
        return bus_error(BusErrorKind::kNoSuchDevice, uuid + ": no such mdev, or without a parent");
    request.devices = {parent->id};
    request.mdev.uuid = uuid;
    request.mdev.type = mdev->mdev->type;
    return request;
}

void ChildRequests::submit(const Caller& caller, Submission submission,
                           BusCallback<JobId> callback) {
    if (const auto free = check_uuid(submission.request); !free)
        return callback(tl::unexpected(free.error()));
    JobRequest preview = submission.request;
    // A plan does not wait, and would be made of a device that is half changed.
    if (preview.mode == JobMode::kPlanOnly || controller_.must_wait(preview))
        return jobs_.submit(std::move(preview), std::move(submission.authorized), callback);
    preview.mode = JobMode::kPlanOnly;
    const AuthorizedCaller authorized = submission.authorized;
    jobs_.submit(
        std::move(preview), authorized, reply_on_refusal(callback),
        [this, caller, callback, submission = std::move(submission)](const Job& planned) mutable {
            if (!planned.error && planned.ending == Ending::kDone)
                return jobs_.submit(std::move(submission.request), std::move(submission.authorized),
                                    callback);
            inspection_.ask(caller, submission.authorized,
                            [callback, planned](Disclosure disclosure) {
                                callback(tl::unexpected(to_bus_error(planned, disclosure)));
                            });
        });
}

void ChildRequests::authorize_and_submit(const Caller& caller, Action action,
                                         const std::string& path, BusResult<JobRequest> request,
                                         BusCallback<JobId> callback) {
    const auto next = [this, caller, callback](Submission submission) {
        submit(caller, std::move(submission), callback);
    };
    jobs_.authorize(caller, action, {path}, std::move(request),
                    on_success<Submission>(callback, next));
}

void ChildRequests::set_vfs(const Caller& caller, const std::string& pf, std::uint32_t count,
                            const MethodOptions& options, BusCallback<JobId> callback) {
    authorize_and_submit(caller, Action::kSriov, pf, vfs_request(pf, count, options),
                         std::move(callback));
}

void ChildRequests::create_mdev(const Caller& caller, const std::string& parent, std::string type,
                                const MethodOptions& options, BusCallback<NewMdev> callback) {
    const auto request = create_request(parent, std::move(type), options);
    const std::string uuid = request ? request->mdev.uuid.value_or("") : "";
    authorize_and_submit(caller, Action::kMdev, parent, request,
                         on_success<JobId>(callback, [callback, uuid](JobId job) {
                             callback(NewMdev{job, uuid});
                         }));
}

void ChildRequests::remove_mdev(const Caller& caller, const std::string& uuid,
                                const MethodOptions& options, BusCallback<JobId> callback) {
    const auto request = remove_request(uuid, options);
    const std::string parent =
        request ? paths_.path_or_root(request->devices.front()) : mdev_path(uuid);
    authorize_and_submit(caller, Action::kMdev, parent, request, std::move(callback));
}

}  // namespace bindd
