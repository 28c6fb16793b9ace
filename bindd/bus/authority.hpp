// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/non_copyable.hpp"
#include "bindd/bus/callback.hpp"
#include "bindd/bus/caller.hpp"
#include "bindd/controller/job.hpp"
#include "sysfs/device/inventory.hpp"

namespace bindd {

/// The polkit actions, which org.bindd1.policy declares.
enum class Action { kBind, kApply, kOpen, kMdev, kSriov, kForce, kReload };
[[nodiscard]] const char* action_name(Action action);

/// What a polkit rule can read: action.lookup("vendor").
using Details = std::map<std::string, std::string>;
[[nodiscard]] Details to_details(const sysfs::Device& device);
/// One entry for each path, up to DevicePaths::kMaxDevices. A device that does not exist has its
/// path alone: a caller without permission must not learn that.
[[nodiscard]] std::vector<Details> to_details(const Paths& paths, const DevicePaths& known,
                                              const sysfs::Inventory& inventory);

/// A caller that passed the check, and its token, which is kept until its request is done.
struct AuthorizedCaller {
    Requester requester;
    RequestToken token;
};

/// Authorises requests. uid 0 may do everything. For all others it asks polkit about the calling
/// connection, never about a process. Without polkit on the bus they may change nothing. Never
/// blocks: an authentication agent may take minutes.
class Authority : base::NonCopyable {
  public:
    Authority(sd_bus* bus, Callers& callers);

    /// Asks once for every entry of `about`, or once without details if that is empty. All must be
    /// allowed.
    void check(const Caller& caller, Action action, std::vector<Details> about,
               BusCallback<AuthorizedCaller> callback);
    /// For requests that need no permission: identifies and counts the caller.
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
    std::map<std::string, std::set<std::string>> open_;  ///< sender → ids of its pending checks
};

}  // namespace bindd
