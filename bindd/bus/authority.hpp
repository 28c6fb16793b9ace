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

namespace bindd {

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

    /// Identifies and counts the caller: enough for requests that need no permission.
    void identify(const Caller& caller, BusCallback<AuthorizedCaller> callback);
    /// Asks the questions one after the other; all must be answered with yes, while the caller is
    /// connected. uid 0 may do everything.
    void check(const Caller& caller, const Questions& questions,
               BusCallback<AuthorizedCaller> callback);
    /// The same for a caller that has been identified and is not uid 0.
    void ask(const Caller& caller, const AuthorizedCaller& authorized, Questions questions,
             BusCallback<void> callback);
    /// kNotAuthorized at once without polkit on the bus: for work that comes before the questions.
    void require_polkit(BusCallback<void> callback);

  private:
    struct PendingCheck;
    void ask_next(std::shared_ptr<PendingCheck> pending);
    void replied(const std::shared_ptr<PendingCheck>& pending, const std::string& cancellation,
                 sd_bus_message* reply);
    /// False if it is gone.
    bool forget(const std::string& sender, const std::string& cancellation);
    void cancel(const std::string& sender);

    sd_bus* bus_;
    Callers& callers_;
    std::uint64_t asked_ = 0;
    std::map<std::string, std::set<std::string>> open_;  ///< sender → ids of its pending checks
};

}  // namespace bindd
