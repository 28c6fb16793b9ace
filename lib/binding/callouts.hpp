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

#include "binding/mdev_definition.hpp"
#include "binding/script.hpp"
#include "sysfs/result.hpp"
#include "sysfs/root.hpp"

namespace binding {

enum class MdevAction { kDefine, kUndefine, kModify, kStart, kStop };
[[nodiscard]] const char* mdev_action_name(MdevAction action);

/// Does an action go on though its callout says no?
enum class Force { kNo, kYes };

/// mdevctl's callout scripts, with which vendors have a say when their mdevs are defined, started, stopped.
/// Scripts and their protocol are mdevctl's: `SCRIPT -t TYPE -e EVENT -a ACTION -s STATE -u UUID -p PARENT`,
/// the device's JSON on stdin. One that hangs is killed when its time is up, and counts as a no.
class Callouts {
  public:
    struct Options {
        std::chrono::milliseconds timeout{60'000};                  ///< for each run of a script
        std::function<void(const std::string&)> relay;  ///< "script: text", what a script says on stderr
        std::function<void(const std::string&)> warn;   ///< a sentence
    };
    /// The scripts below `root`; of a directory that is no running host pass std::nullopt: nothing is run.
    Callouts(const std::optional<sysfs::Root>& root, Options options);

    /// `pre`, then `work` when no script says no, then always `post` with what came of it, then the
    /// notifiers. Signals that would end the process wait until all of that is through: scripts take
    /// locks in `pre` that they free in `post`.
    [[nodiscard]] sysfs::Result<void> around(MdevAction action, const MdevDefinition& mdev,
                                             Force force,
                                             const std::function<sysfs::Result<void>()>& work);
    /// A running device is changed by its script alone; one without a script that can is kUnsupported.
    [[nodiscard]] sysfs::Result<void> live(const MdevDefinition& mdev);
    /// What the script of its type reads from a running device; none without such a script.
    [[nodiscard]] sysfs::Result<MdevAttrs> attributes(const MdevDefinition& mdev);

  private:
    enum class State { kNone, kSuccess, kFailure };
    /// A script that has taken a device for its own; `actions` and `events` are what it says it supports.
    struct Script {
        std::string path;
        std::set<std::string> actions;
        std::set<std::string> events;
    };
    struct Call {
        const char* event;
        const char* action;
        State state;
        const MdevDefinition& mdev;
        std::string input;
    };
    using Answer = std::optional<ScriptEnd>;  ///< absent: no script is for this device

    [[nodiscard]] sysfs::Result<ScriptEnd> run(const std::string& path, const Call& call) const;
    [[nodiscard]] sysfs::Result<Answer> ask(const Call& call, std::optional<Script>& script);
    [[nodiscard]] sysfs::Result<Answer> ask_one(const Script& script, const Call& call) const;
    [[nodiscard]] sysfs::Result<Answer> ask_each(const Call& call, std::optional<Script>& script);
    [[nodiscard]] sysfs::Result<Answer> judge(const std::string& path, ScriptEnd end) const;
    [[nodiscard]] std::optional<Script> versioned(const MdevDefinition& mdev);
    [[nodiscard]] std::vector<std::string> scripts(const char* kind) const;
    void notify(MdevAction action, const MdevDefinition& mdev, State state) const;

    std::vector<std::string> directories_;  ///< ".../scripts.d", in the order they are asked
    Options options_;
    std::map<std::pair<std::string, std::string>, std::optional<Script>> versioned_;  ///< parent, type
};

}  // namespace binding
