// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "bindd/bus/callback.hpp"
#include "bindd/bus/caller.hpp"
#include "bindd/controller/job.hpp"
#include "sysfs/device/device.hpp"

namespace bindd {

/// What polkit is asked about; the actions of org.bindd1.policy.
enum class Action { kBind, kApply, kOpen, kMdev, kSriov, kForce, kReload };
[[nodiscard]] const char* action_name(Action action);

/// What a polkit rule can look at: action.lookup("vendor").
using Details = std::map<std::string, std::string>;
[[nodiscard]] Details to_details(const sysfs::Device& device);
/// Of a device that is not there: a caller that may not ask shall not learn that.
[[nodiscard]] Details path_details(const std::string& path);

/// A caller that was let in: who it is, and its token, to be held as long as it is worked for.
struct AuthorizedCaller {
    Requester requester;
    RequestToken token;
};

/// Who may do what. uid 0 may everything; for all others polkit is asked, about the connection that
/// called, never a process. Without polkit on the bus nobody else may. Never waits: an agent may
/// take minutes.
class Authority {
  public:
    Authority(sd_bus* bus, Callers& callers);
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;
    ~Authority() = default;

    /// Asks once for every entry of `about` (one without details, when it is empty); all must be
    /// allowed.
    void check(const Caller& caller, Action action, std::vector<Details> about,
               BusCallback<AuthorizedCaller> callback);
    /// For what everyone may: only says who it is and counts it.
    void identify(const Caller& caller, BusCallback<AuthorizedCaller> callback);

  private:
    struct PendingCheck;
    void ask(std::shared_ptr<PendingCheck> pending);
    void replied(const std::shared_ptr<PendingCheck>& pending, const std::string& cancellation,
                 sd_bus_message* reply);
    void cancel(const std::string& sender);

    sd_bus* bus_;
    Callers& callers_;
    std::uint64_t asked_ = 0;
    std::map<std::string, std::set<std::string>> open_;  ///< sender → cancellation ids under way
};

}  // namespace bindd
