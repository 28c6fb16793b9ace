// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/subprocess.hpp"
#include "binding/mdevctl/mdev_definition.hpp"
#include "sysfs/host/root.hpp"

namespace binding {

enum class MdevAction { kDefine, kUndefine, kModify, kStart, kStop };
[[nodiscard]] const char* mdev_action_name(MdevAction action);

/// Does an action go on though its callout says no?
enum class Force { kNo, kYes };

/// mdevctl's callout scripts, with which vendors have a say when their mdevs are defined, started,
/// stopped. Scripts and their protocol are mdevctl's: `SCRIPT -t TYPE -e EVENT -a ACTION -s STATE
/// -u UUID -p PARENT`, the device's JSON on stdin. One that hangs is killed when its time is up,
/// and counts as a no.
class Callouts {
  public:
    struct CalloutOptions {
        std::chrono::milliseconds timeout{60'000};  ///< for each run of a script
        std::function<void(const std::string&)>
            relay;  ///< "script: text", what a script says on stderr
        std::function<void(const std::string&)> warn;  ///< a sentence
    };
    /// The scripts below `root`; of a directory that is no running host pass std::nullopt: nothing
    /// is run.
    Callouts(const std::optional<sysfs::Root>& root, CalloutOptions options);

    /// `pre`, then `work` when no script says no, then always `post` with what came of it, then the
    /// notifiers. Signals that would end the process wait until all of that is through: scripts
    /// take locks in `pre` that they free in `post`.
    [[nodiscard]] base::Result<void> run_with_callouts(
        MdevAction action, const MdevDefinition& mdev, Force force,
        const std::function<base::Result<void>()>& work);
    /// A running device is changed by its script alone; one without a script that can is
    /// kUnsupported.
    [[nodiscard]] base::Result<void> live(const MdevDefinition& mdev);
    /// What the script of its type reads from a running device, which may be an empty list; nothing
    /// without such a script.
    [[nodiscard]] base::Result<std::optional<MdevAttrs>> attributes(const MdevDefinition& mdev);

  private:
    enum class CalloutState { kNone, kSuccess, kFailure };
    /// A script that has taken a device for its own; `actions` and `events` are what it says it
    /// supports.
    struct CalloutScript {
        std::string path;
        std::set<std::string> actions;
        std::set<std::string> events;
    };
    struct CalloutCall {
        const char* event;
        const char* action;
        CalloutState state;
        const MdevDefinition& mdev;
        std::string input;
    };
    using CalloutResult =
        std::optional<base::SubprocessResult>;  ///< absent: no script is for this device

    [[nodiscard]] base::Result<base::SubprocessResult> run(const std::string& path,
                                                           const CalloutCall& call) const;
    [[nodiscard]] base::Result<CalloutResult> call_out(const CalloutCall& call,
                                                       std::optional<CalloutScript>& script);
    [[nodiscard]] base::Result<CalloutResult> call_script(const CalloutScript& script,
                                                          const CalloutCall& call) const;
    [[nodiscard]] base::Result<CalloutResult> call_scripts(const CalloutCall& call,
                                                           std::optional<CalloutScript>& script);
    [[nodiscard]] base::Result<CalloutResult> check_exit(const std::string& path,
                                                         base::SubprocessResult end) const;
    [[nodiscard]] std::optional<CalloutScript> find_versioned_script(const MdevDefinition& mdev);
    [[nodiscard]] std::vector<std::string> scripts(const char* kind) const;
    void notify(MdevAction action, const MdevDefinition& mdev, CalloutState state) const;

    std::vector<std::string> directories_;  ///< ".../scripts.d", in the order they are asked
    CalloutOptions options_;
    std::map<std::pair<std::string, std::string>, std::optional<CalloutScript>>
        versioned_scripts_;                     ///< parent, type
    mutable std::set<std::string> distrusted_;  ///< each is warned of once
};

}  // namespace binding
