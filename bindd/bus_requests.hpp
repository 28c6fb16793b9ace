// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bindd/bus_authority.hpp"
#include "bindd/bus_options.hpp"
#include "bindd/bus_path.hpp"
#include "bindd/keeper.hpp"
#include "bindd/observer.hpp"

namespace bindd {

using Paths = std::vector<std::string>;

/// The one road of what callers ask for, whichever interface it came through: counted and authorised first, with what is
/// known of the devices as details; then, and only then, its arguments are looked into, and the devices again, since
/// an authorisation may take minutes; then it is the keeper's.
class Requests final : public Observer {
  public:
    Requests(Keeper& keeper, Authority& authority, const DevicePaths& paths);
    Requests(const Requests&) = delete;
    Requests& operator=(const Requests&) = delete;
    ~Requests() override;

    void bind(const Caller& caller, Paths paths, Options options, Answered<JobId> answered);
    void release(const Caller& caller, Paths paths, Options options, Answered<JobId> answered);
    void apply(const Caller& caller, Options options, Answered<JobId> answered);
    void rollback(const Caller& caller, std::string txn, Options options, Answered<JobId> answered);
    void cancel(const Caller& caller, JobId id, Answered<void> answered);
    void reload(const Caller& caller, Answered<void> answered);
    /// Everyone may.
    void plan(const Caller& caller, Options options, Answered<std::string> answered);
    void open(const Caller& caller, std::string path, Options options,
              Answered<Keeper::Opened> answered);
    /// Bound, with all that a lease wants to know of it; the ticket stays with the lease.
    struct Claimed {
        Admitted admitted;
        std::vector<sysfs::DeviceId> devices;
        std::vector<sysfs::DeviceId> taken;  ///< bound for this claim: those to be released at its end
    };
    /// `may` has the last word before anything is done.
    using May = std::function<Answer<void>(const std::vector<sysfs::DeviceId>&)>;
    void claim(const Caller& caller, Paths paths, Options options, May may, Answered<Claimed> answered);
    /// Told of every job before its path is.
    void on_begun(std::function<void(JobId)> told) { begun_ = std::move(told); }
    /// Asked before a release: why not, or nothing.
    void on_release(May may) { may_release_ = std::move(may); }

    void job_ended(const Job& job) override;

  private:
    using Ended = std::function<void(const Job&)>;
    [[nodiscard]] std::vector<Details> details(const Paths& paths) const;
    [[nodiscard]] Answer<std::vector<sysfs::DeviceId>> devices(const Paths& paths) const;
    /// A request as its options say, for these devices.
    [[nodiscard]] Answer<Request> about(const Paths& paths, Answer<Request> request) const;
    /// Authorised for `action` and, where the options force something, for that too.
    void check_bind(const Caller& caller, const Paths& paths, const Options& options,
                    Answered<Admitted> answered);
    void submit(Request request, Admitted admitted, const Answered<JobId>& answered, Ended ended = {});
    void give_back(const Claimed& claimed);
    [[nodiscard]] std::vector<sysfs::DeviceId> not_ours(const std::vector<sysfs::DeviceId>& devices) const;

    Keeper& keeper_;
    Authority& authority_;
    const DevicePaths& paths_;
    struct Running {
        Ticket ticket;
        Ended ended;
    };
    std::map<JobId, Running> running_;
    std::function<void(JobId)> begun_ = [](JobId) {};
    May may_release_ = [](const std::vector<sysfs::DeviceId>&) { return Answer<void>(); };
};

}  // namespace bindd
