// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-event.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "bindd/bus/lease_record.hpp"
#include "bindd/bus/requests.hpp"
#include "bindd/controller/observer.hpp"
#include "bindd/loop/controller_runner.hpp"

namespace bindd {

/// Devices that are bound while a file descriptor is open. A lease is a pipe. Its holder has the
/// write end; when the last copy of that is closed, the daemon's end hangs up and the devices are
/// released. Across a restart the service manager keeps the daemon's end (FDSTORE of sd_notify),
/// and a record in the state directory describes the lease. A record without a descriptor is a
/// lease that ended meanwhile.
class Leases final : public Observer {
  public:
    Leases(sd_event* event, ControllerRunner& controller, Requests& requests,
           std::string directory);
    ~Leases() override;

    /// The fd is the write end.
    void claim(const Caller& caller, Paths paths, std::string why, MethodOptions options,
               BusCallback<base::UniqueFd> callback);
    /// Why a device is claimed; empty if it is not.
    [[nodiscard]] std::string reason_for(const sysfs::DeviceId& id) const;
    /// `notified` is called when that changes.
    void on_change(std::function<void(const sysfs::DeviceId&)> notified) {
        on_change_ = std::move(notified);
    }

    void ready() override;
    void job_ended(const Job& job) override;
    void group_changed(int group) override;

  private:
    struct Lease {
        Leases* owner = nullptr;
        LeaseRecord record;
        base::UniqueFd fd;
        sd_event_source* source = nullptr;
        bool ending = false;
        std::optional<JobId> release;  ///< under way
        ~Lease();
    };
    static int on_hangup(sd_event_source* source, int fd, std::uint32_t events, void* userdata);
    void recover(const std::string& directory);
    [[nodiscard]] BusResult<base::UniqueFd> grant(const Requests::Claimed& claimed,
                                                  const std::string& why);
    [[nodiscard]] BusResult<void> reserve(const std::vector<sysfs::DeviceId>& devices);
    Lease& add(LeaseRecord record, base::UniqueFd fd);
    void watch(Lease& lease);
    void start_release(Lease& lease);
    void remove(const std::string& id);
    /// Tells the controller which devices are claimed.
    void publish();
    void notify(const std::vector<sysfs::DeviceId>& devices);

    sd_event* event_;
    ControllerRunner& controller_;
    Requests& requests_;
    std::string directory_;
    bool ready_ = false;
    std::uint64_t next_ = 1;
    std::map<std::string, std::unique_ptr<Lease>> leases_;
    Claims claims_;                       ///< of those that have not ended, for lookups
    std::set<sysfs::DeviceId> reserved_;  ///< of claims that are under way
    std::function<void(const sysfs::DeviceId&)> on_change_ = [](const sysfs::DeviceId&) {};
};

}  // namespace bindd
