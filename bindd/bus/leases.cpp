// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/leases.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <utility>

#include "base/try.hpp"

namespace bindd {
namespace {

constexpr std::size_t kMaxWhy = 1024;
/// Each keeps a descriptor here, and one with the service manager
/// (FileDescriptorStoreMax).
constexpr std::size_t kMaxLeases = 1024;

bool contains(const std::vector<sysfs::DeviceId>& devices, const sysfs::DeviceId& id) {
    return std::find(devices.begin(), devices.end(), id) != devices.end();
}

}  // namespace

Leases::Lease::~Lease() {
    sd_event_source_unref(source);
}

Leases::Leases(sd_event* event, ControllerRunner& controller, Requests& requests,
               std::string directory)
    : event_(event),
      controller_(controller),
      requests_(requests),
      directory_(std::move(directory)) {
    recover(directory_);
    controller_.subscribe(*this);
}

Leases::~Leases() {
    controller_.unsubscribe(*this);
}

/// The leases of the previous daemon. Those without a descriptor have ended. Their devices are
/// released after ready(), when the devices' states are known.
void Leases::recover(const std::string& directory) {
    auto fds = stored_fds();
    for (LeaseRecord& record : read_lease_records(directory)) {
        const auto number = base::parse_decimal(std::string_view(record.id).substr(6));
        if (number)
            next_ = std::max(next_, *number + 1);
        const auto fd = fds.find(record.id);
        Lease& lease =
            add(std::move(record), fd == fds.end() ? base::UniqueFd() : std::move(fd->second));
        if (fd != fds.end())
            fds.erase(fd);
        if (lease.fd.valid())
            watch(lease);
        else
            lease.ending = true;
    }
    for (const auto& [name, fd] : fds)
        unstore_fd(name);
    publish();
}

void Leases::publish() {
    claims_.clear();
    for (const auto& [name, lease] : leases_)
        if (!lease->ending)
            for (const sysfs::DeviceId& id : lease->record.devices)
                claims_.emplace(id, lease->record.why);
    controller_.set_claims(claims_);
}

Leases::Lease& Leases::add(LeaseRecord record, base::UniqueFd fd) {
    auto lease = std::make_unique<Lease>();
    lease->owner = this;
    lease->record = std::move(record);
    lease->fd = std::move(fd);
    std::unique_ptr<Lease>& place = leases_[lease->record.id];
    place = std::move(lease);
    return *place;
}

void Leases::watch(Lease& lease) {
    // Without requested events epoll reports hang-ups only.
    (void)sd_event_add_io(event_, &lease.source, lease.fd.get(), 0, on_hangup, &lease);
}

std::string Leases::reason_for(const sysfs::DeviceId& id) const {
    const auto claimed = claims_.find(id);
    return claimed == claims_.end() ? std::string() : claimed->second;
}

BusResult<void> Leases::reserve(const std::vector<sysfs::DeviceId>& devices) {
    for (const sysfs::DeviceId& id : devices) {
        const bool leased = std::any_of(leases_.begin(), leases_.end(), [&](const auto& each) {
            return contains(each.second->record.devices, id);
        });
        if (leased || reserved_.contains(id))
            return bus_error(BusErrorKind::kBusy,
                             id.display() + ": it is claimed already" +
                                 (reason_for(id).empty() ? "" : ", for " + reason_for(id)));
    }
    reserved_.insert(devices.begin(), devices.end());
    return {};
}

void Leases::claim(const Caller& caller, Paths paths, std::string why, MethodOptions options,
                   BusCallback<base::UniqueFd> callback) {
    auto reserved = std::make_shared<std::vector<sysfs::DeviceId>>();
    const auto may = [this, reserved,
                      why](const std::vector<sysfs::DeviceId>& devices) -> BusResult<void> {
        if (why.empty() || why.size() > kMaxWhy)
            return bus_error(BusErrorKind::kOptionNotPermitted, "say why, in up to 1024 bytes");
        if (leases_.size() >= kMaxLeases)
            return bus_error(BusErrorKind::kBusy, "there are too many claims");
        TRY(reserve(devices));
        *reserved = devices;
        return {};
    };
    requests_.claim(caller, std::move(paths), std::move(options), may,
                    [this, reserved, why,
                     callback = std::move(callback)](BusResult<Requests::Claimed> claimed) {
                        for (const sysfs::DeviceId& id : *reserved)
                            reserved_.erase(id);
                        if (!claimed)
                            return callback(tl::unexpected(claimed.error()));
                        callback(grant(*claimed, why));
                    });
}

BusResult<base::UniqueFd> Leases::grant(const Requests::Claimed& claimed, const std::string& why) {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
        return bus_error(BusErrorKind::kFailed, "there are no file descriptors left");
    base::UniqueFd theirs(ends[1]);
    LeaseRecord record{.id = "claim-" + std::to_string(next_++),
                       .why = why,
                       .uid = claimed.authorized.requester.uid,
                       .devices = claimed.devices,
                       .taken = claimed.taken};
    // The record is written first: after a crash, a lease without one would never end.
    const auto written = write_lease_record(directory_, record);
    Lease& lease = add(std::move(record), base::UniqueFd(ends[0]));
    if (!written) {
        start_release(lease);
        return tl::unexpected(to_bus_error(written.error()));
    }
    store_fd(lease.record.id, lease.fd.get());
    watch(lease);
    publish();
    notify(lease.record.devices);
    return theirs;
}

int Leases::on_hangup(sd_event_source* source, int /*fd*/, std::uint32_t events, void* userdata) {
    auto& lease = *static_cast<Lease*>(userdata);
    (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
    try {
        if ((events & (EPOLLHUP | EPOLLERR)) != 0)
            lease.owner->start_release(lease);
    } catch (const std::exception&) {
        lease.ending = true;  // retried after the next change of any group
    }
    return 0;
}

/// Releases the devices that were bound for the lease. If that is not possible now (an earlier
/// write is stuck, another process has the lock) it is retried after the next change of a group.
void Leases::start_release(Lease& lease) {
    lease.ending = true;
    publish();
    if (!ready_ || lease.release)
        return;
    JobRequest request{.kind = JobKind::kRelease};
    for (const sysfs::DeviceId& id : lease.record.taken)
        if (controller_.view().journal_state.bound.contains(id) && reason_for(id).empty())
            request.devices.push_back(id);
    if (request.devices.empty())
        return remove(lease.record.id);
    request.requester = {.uid = lease.record.uid, .description = "the end of " + lease.record.id};
    const auto job = controller_.submit(std::move(request));
    if (job)
        lease.release = *job;
    else if (job.error().code == base::Code::kNotFound)
        remove(lease.record.id);
}

void Leases::remove(const std::string& id) {
    const auto lease = leases_.extract(id);
    if (lease.empty())
        return;
    unstore_fd(id);
    remove_lease_record(directory_, id);
    notify(lease.mapped()->record.devices);
}

void Leases::notify(const std::vector<sysfs::DeviceId>& devices) {
    for (const sysfs::DeviceId& id : devices)
        on_change_(id);
}

void Leases::ready() {
    ready_ = true;
    group_changed(-1);
}

void Leases::job_ended(const Job& job) {
    for (const auto& [id, lease] : leases_) {
        if (lease->release != job.id)
            continue;
        lease->release.reset();
        if (job.ending == Ending::kDone || job.ending == Ending::kNoDevice)
            return remove(std::string(id));
    }
}

void Leases::group_changed(int /*group*/) {
    std::vector<std::string> ending;
    for (const auto& [id, lease] : leases_)
        if (lease->ending && !lease->release)
            ending.push_back(id);
    for (const std::string& id : ending)
        if (const auto found = leases_.find(id); found != leases_.end())
            start_release(*found->second);
}

}  // namespace bindd
