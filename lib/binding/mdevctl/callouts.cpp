// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/mdevctl/callouts.hpp"

#include <algorithm>

#include "base/file_trust.hpp"
#include "base/path.hpp"
#include "binding/codec/json.hpp"

/// Which script speaks for a device? One that answers get/capabilities with what it supports speaks
/// alone, for every event. Without such a one all are asked in the order of their names, directory
/// by directory: exit status 2 says "not my type", and the first that says anything else is the
/// one.
namespace binding {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr int kNotMyType = 2;

/// What we offer a script, in answer to which it says what it supports.
constexpr const char* kProvides =
    R"({"provides":{"version":2,"actions":["start","stop","define","undefine","modify","attributes",)"
    R"("capabilities"],"events":["pre","post","notify","get","live"]}})";

/// mdevctl prints paths as Rust's debug format does: in quotation marks.
std::string quoted(const std::string& path) {
    return "\"" + path + "\"";
}

std::string without_nuls(std::string text) {
    text.erase(text.find_last_not_of('\0') + 1);
    return text;
}

bool is_list_of_words(const Json& json) {
    return json.is_array() &&
           std::all_of(json.begin(), json.end(), [](const Json& word) { return word.is_string(); });
}

/// `supports`, if all of its parts are there and of their type: for mdevctl 1.4 the answer of a
/// script is no answer otherwise. What is in a list and not known is no error.
std::optional<Json> parse_capabilities(const std::string& answer) {
    const auto json = parse_json(answer);
    if (!json || !json->is_object() || !json->contains("supports"))
        return std::nullopt;
    const Json& supports = json->at("supports");
    const auto part = [&](const char* name) {
        return supports.is_object() && supports.contains(name) ? supports.at(name) : Json(nullptr);
    };
    if (!part("version").is_number_unsigned() || !is_list_of_words(part("actions")) ||
        !is_list_of_words(part("events")))
        return std::nullopt;
    return std::make_optional(supports);
}

}  // namespace

const char* mdev_action_name(MdevAction action) {
    switch (action) {
        case MdevAction::kDefine:
            return "define";
        case MdevAction::kUndefine:
            return "undefine";
        case MdevAction::kModify:
            return "modify";
        case MdevAction::kStart:
            return "start";
        case MdevAction::kStop:
            return "stop";
    }
    return "";
}

Callouts::Callouts(const std::optional<sysfs::Root>& root, CalloutOptions options)
    : options_(std::move(options)) {
    if (root)
        directories_ = {root->path("/usr/lib/mdevctl/scripts.d"),
                        root->path("/etc/mdevctl.d/scripts.d")};
}

std::vector<std::string> Callouts::scripts(const char* kind) const {
    std::vector<std::string> paths;
    for (const std::string& directory : directories_)
        for (const std::string& name : base::list_directory(directory + "/" + kind)) {
            std::string path = directory + "/" + kind + "/" + name;
            const auto trusted = base::check_trusted(path);
            if (trusted)
                paths.push_back(std::move(path));
            else if (distrusted_.insert(path).second)
                options_.warn("callout script " + path +
                              " is passed over: " + trusted.error().text());
        }
    return paths;
}

Result<base::SubprocessResult> Callouts::run(const std::string& path,
                                             const CalloutCall& call) const {
    const char* state = call.state == CalloutState::kNone      ? "none"
                        : call.state == CalloutState::kSuccess ? "success"
                                                               : "failure";
    auto end = base::run_subprocess(path,
                                    {"-t", call.mdev.type, "-e", call.event, "-a", call.action,
                                     "-s", state, "-u", call.mdev.uuid, "-p", call.mdev.parent},
                                    call.input, options_.timeout);
    if (end && end->how == base::SubprocessResult::How::kTimedOut)
        options_.warn("callout script " + path + " was killed: not done after " +
                      std::to_string(options_.timeout.count()) + " ms");
    return end;
}

/// 0, and a script that a signal killed, let things go on.
Result<Callouts::CalloutResult> Callouts::check_exit(const std::string& path,
                                                     base::SubprocessResult end) const {
    if (!end.err.empty())
        options_.relay(base::base_name(path) + ": " + end.err);
    switch (end.how) {
        case base::SubprocessResult::How::kTimedOut:
            return fail(Code::kTimeout, {}, {},
                        "Script '" + quoted(path) + "' did not end in time");
        case base::SubprocessResult::How::kExited:
            if (end.status != 0)
                return fail(Code::kRefused, {}, {},
                            "Script '" + quoted(path) + "' failed with status '" +
                                std::to_string(end.status) + "'");
            break;
        case base::SubprocessResult::How::kKilled:
            break;
    }
    return CalloutResult(std::move(end));
}

Result<Callouts::CalloutResult> Callouts::call_script(const CalloutScript& script,
                                                      const CalloutCall& call) const {
    const std::string path = "Script " + quoted(script.path);
    if (!script.actions.contains(call.action))
        return fail(Code::kUnsupported, {}, {},
                    path + " does not support action '" + call.action + "'");
    if (!script.events.contains(call.event))
        return fail(Code::kUnsupported, {}, {},
                    path + " does not support event '" + call.event + "'");
    auto end = run(script.path, call);
    return end ? check_exit(script.path, *std::move(end)) : base::propagate(end);
}

Result<Callouts::CalloutResult> Callouts::call_scripts(const CalloutCall& call,
                                                       std::optional<CalloutScript>& script) {
    for (const std::string& path : scripts("callouts")) {
        auto end = run(path, call);
        // A file that cannot be run is no script; one that died has no answer.
        if (!end)
            continue;
        if (end->how == base::SubprocessResult::How::kKilled) {
            options_.warn("callout script " + path + " was terminated by a signal");
            continue;
        }
        if (end->how == base::SubprocessResult::How::kExited && end->status == kNotMyType)
            continue;
        auto answer = check_exit(path, *std::move(end));
        if (answer)
            script = CalloutScript{
                .path = path,
                .actions = {"start", "stop", "define", "undefine", "modify", "attributes"},
                .events = {"pre", "post", "notify", "get"}};
        return answer;
    }
    return CalloutResult();
}

Result<Callouts::CalloutResult> Callouts::call_out(const CalloutCall& call,
                                                   std::optional<CalloutScript>& script) {
    return script ? call_script(*script, call) : call_scripts(call, script);
}

/// Asked once for each parent and type, however many devices there are.
std::optional<Callouts::CalloutScript> Callouts::find_versioned_script(const MdevDefinition& mdev) {
    const std::pair key{mdev.parent, mdev.type};
    if (const auto known = versioned_scripts_.find(key); known != versioned_scripts_.end())
        return known->second;
    std::optional<CalloutScript>& found = versioned_scripts_[key];
    const CalloutCall call{"get", "capabilities", CalloutState::kNone, mdev, kProvides};
    for (const std::string& path : scripts("callouts")) {
        const auto end = run(path, call);
        if (!end || end->how != base::SubprocessResult::How::kExited || end->status == kNotMyType)
            continue;
        const auto supports = parse_capabilities(without_nuls(end->out));
        if (!supports)
            continue;
        found = CalloutScript{.path = path,
                              .actions = supports->at("actions").get<std::set<std::string>>(),
                              .events = supports->at("events").get<std::set<std::string>>()};
        break;
    }
    return found;
}

void Callouts::notify(MdevAction action, const MdevDefinition& mdev, CalloutState state) const {
    for (const std::string& path : scripts("notifiers"))
        (void)run(path,
                  {"notify", mdev_action_name(action), state, mdev, {}});  // nothing hangs on it
}

Result<void> Callouts::run_with_callouts(MdevAction action, const MdevDefinition& mdev, Force force,
                                         const std::function<Result<void>()>& work) {
    const base::ScopedSignalBlock held;
    auto script = find_versioned_script(mdev);
    const char* name = mdev_action_name(action);
    const std::string input = dump(to_json(mdev));
    const auto pre = call_out({"pre", name, CalloutState::kNone, mdev, input}, script);
    if (!pre && force == Force::kNo) {
        notify(action, mdev, CalloutState::kNone);
        return base::propagate(pre);
    }
    if (!pre)
        options_.warn(std::string("Forcing operation '") + name +
                      "' despite callout failure. Error was: " + pre.error().reason);
    const Result<void> done = work();
    const CalloutState state = done ? CalloutState::kSuccess : CalloutState::kFailure;
    (void)call_out({"post", name, state, mdev, input}, script);  // what it says changes nothing
    notify(action, mdev, state);
    return done;
}

Result<void> Callouts::live(const MdevDefinition& mdev) {
    const base::ScopedSignalBlock held;
    auto script = find_versioned_script(mdev);
    if (!script)
        return fail(Code::kUnsupported, {}, {},
                    "Live modification is not supported for this device type. Changing the device "
                    "configuration requires stopping and restarting the device.");
    const auto done =
        call_script(*script, {"live", "modify", CalloutState::kNone, mdev, dump(to_json(mdev))});
    if (done || done.error().code != Code::kUnsupported)
        notify(MdevAction::kModify, mdev, CalloutState::kNone);
    return done ? Result<void>() : base::propagate(done);
}

Result<std::optional<MdevAttrs>> Callouts::attributes(const MdevDefinition& mdev) {
    auto script = find_versioned_script(mdev);
    const auto answer = call_out({"get", "attributes", CalloutState::kNone, mdev, {}}, script);
    if (!answer)
        return base::propagate(answer);
    if (!*answer)
        return std::nullopt;
    if ((*answer)->out.empty() || (*answer)->out == "[{}]")
        return MdevAttrs{};
    const auto json = parse_json(without_nuls((*answer)->out));
    if (!json)
        return fail(Code::kInvalid, {}, {}, "Invalid JSON received from callout script");
    auto attrs = parse_mdev_attrs(*json);
    return attrs ? Result<std::optional<MdevAttrs>>(*std::move(attrs)) : base::propagate(attrs);
}

}  // namespace binding
