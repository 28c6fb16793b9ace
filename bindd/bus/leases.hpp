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

/// Devices bound for as long as somebody keeps a file descriptor. A lease is a pipe: its holder has
/// the end for writing, and when the last copy of that is closed, by hand or by dying, ours hangs
/// up and the devices are released. Across a restart of the daemon the service manager keeps our
/// end (sd_notify's FDSTORE), and a record in the state directory says what it stands for; a record
/// whose end is not handed back is a lease that ended meanwhile.
class Leases final : public Observer {
  public:
    Leases(sd_event* event, ControllerRunner& controller, Requests& requests,
           std::string directory);
    Leases(const Leases&) = delete;
    Leases& operator=(const Leases&) = delete;
    ~Leases() override;

    /// The fd is the caller's end.
    void claim(const Caller& caller, Paths paths, std::string why, MethodOptions options,
               BusCallback<base::UniqueFd> callback);
    /// Why a device is claimed; empty when it is not.
    [[nodiscard]] std::string reason_for(const sysfs::DeviceId& id) const;
    /// Told when that changes.
    void on_change(std::function<void(const sysfs::DeviceId&)> told) {
        on_change_ = std::move(told);
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
        RequestToken token;
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
    void notify(const std::vector<sysfs::DeviceId>& devices);

    sd_event* event_;
    ControllerRunner& controller_;
    Requests& requests_;
    std::string directory_;
    bool ready_ = false;
    std::uint64_t next_ = 1;
    std::map<std::string, std::unique_ptr<Lease>> leases_;
    std::set<sysfs::DeviceId> reserved_;  ///< being bound for a lease to be
    std::function<void(const sysfs::DeviceId&)> on_change_ = [](const sysfs::DeviceId&) {};
};

}  // namespace bindd
